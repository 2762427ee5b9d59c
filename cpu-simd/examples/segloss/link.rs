//! Which link a run has: `--link`, then terms that have a meaning under one link alone, then the channels
//! of given logits, and last what the masks hold ([`crate::labels`]). An argument that contradicts one
//! before it is an error.

use segloss_core::compose::link_of;
use segloss_core::engine::Link;
use segloss_simd::Library;

/// A link, and the argument that asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub link: Link,
    pub by: String,
}

/// The link of all losses of a run, by `--link` or by given `logits`: what to call them, and their channels.
pub fn of_run(link: Option<Link>, logits: Option<(&str, usize)>) -> Result<Option<Asked>, String> {
    let given = link.map(|link| Asked { link, by: format!("--link {link}") });
    let Some((name, channels)) = logits else { return Ok(given) };
    let fitting = if channels == 1 { Link::Sigmoid } else { Link::Softmax };
    match given {
        Some(Asked { link, by }) if link != fitting => {
            let needs = match link {
                Link::Sigmoid => "1 channel, because a mask has one target a pixel",
                Link::Softmax => "2 channels or more",
            };
            Err(format!("{by}: expected logits of {needs}; {name} has {channels}"))
        }
        _ => {
            let plural = if channels == 1 { "" } else { "s" };
            Ok(Some(Asked { link: fitting, by: format!("{name}, of {channels} channel{plural},") }))
        }
    }
}

/// The link that masks have to fit for losses of which each may have its own: sigmoid if one needs it,
/// because softmax reads all masks that sigmoid does.
pub fn of_losses(texts: &[String], library: &Library<f32>) -> Result<Option<Asked>, String> {
    let mut found: Option<Asked> = None;
    for text in texts {
        let own = of_loss(text, library)?;
        if found.as_ref().is_none_or(|found| found.link == Link::Softmax) {
            found = own.or(found);
        }
    }
    Ok(found)
}

/// The link that the terms of one loss need.
pub fn of_loss(text: &str, library: &Library<f32>) -> Result<Option<Asked>, String> {
    let by = || format!("--loss '{text}'");
    match link_of(text, library.registry()) {
        Ok(link) => Ok(link.map(|link| Asked { link, by: by() })),
        Err(error) => Err(format!("--loss: {error}\n{}", error.pointer())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGMOID: Option<Link> = Some(Link::Sigmoid);
    const SOFTMAX: Option<Link> = Some(Link::Softmax);

    fn run(link: Option<Link>, channels: Option<usize>) -> Result<Option<Link>, String> {
        let logits = channels.map(|channels| ("--logits z.npy", channels));
        Ok(of_run(link, logits)?.map(|asked| asked.link))
    }

    fn losses(texts: &[&str]) -> Result<Option<Link>, String> {
        let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
        Ok(of_losses(&texts, &Library::default())?.map(|asked| asked.link))
    }

    #[test]
    fn the_argument_and_the_channels() {
        assert_eq!(run(None, None), Ok(None));
        assert_eq!(run(SOFTMAX, None), Ok(SOFTMAX));
        assert_eq!((run(None, Some(1)), run(SIGMOID, Some(1))), (Ok(SIGMOID), Ok(SIGMOID)));
        assert_eq!((run(None, Some(2)), run(SOFTMAX, Some(3))), (Ok(SOFTMAX), Ok(SOFTMAX)));
        let error = run(SOFTMAX, Some(1)).unwrap_err();
        let wanted = "--link softmax: expected logits of 2 channels or more; --logits z.npy has 1";
        assert_eq!(error, wanted);
        let error = run(SIGMOID, Some(3)).unwrap_err();
        assert!(
            error.contains("expected logits of 1 channel") && error.ends_with("has 3"),
            "{error}"
        );
    }

    #[test]
    fn terms_of_one_link_alone() {
        assert_eq!((losses(&[]), losses(&["dice", "medical"])), (Ok(None), Ok(None)));
        assert_eq!((losses(&["dice + bce"]), losses(&["ce"])), (Ok(SIGMOID), Ok(SOFTMAX)));
        for texts in [["ce", "bce"], ["bce", "ce"], ["bce", "dice"]] {
            assert_eq!(losses(&texts), Ok(SIGMOID), "{texts:?}");
        }
        let both = losses(&["bce + ce"]).unwrap_err();
        assert!(both.starts_with("--loss: at 7: `ce` needs the softmax link, and `bce`"), "{both}");
    }
}
