use segloss_core::engine::Link;

/// A loss that is checked and timed.
#[derive(Clone, Debug)]
pub struct Work {
    pub link: Link,
    pub text: String,
    pub channels: usize,
}

impl Work {
    /// `TEXT` under the sigmoid link with one channel, `softmax:TEXT` under softmax with four.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("softmax:") {
            Some(text) => Work { link: Link::Softmax, text: text.into(), channels: 4 },
            None => Work { link: Link::Sigmoid, text: text.into(), channels: 1 },
        }
    }

    /// Each kind of term, and each preset.
    pub fn all() -> Vec<Self> {
        let texts = [
            "bce",
            "focal",
            "dice",
            "tversky(fp=0.3, fn=0.7)",
            "focal_tversky(gamma=1.33)",
            "0.5*bce + 0.5*dice",
            "boundary",
            "distance",
            "preset:balanced",
            "preset:imbalanced",
            "preset:medical",
            "preset:boundary",
            "softmax:ce",
            "softmax:focal",
            "softmax:dice",
            "softmax:0.5*ce + 0.5*dice",
        ];
        texts.iter().map(|text| Work::parse(text)).collect()
    }

    pub fn name(&self) -> String {
        match self.link {
            Link::Sigmoid => self.text.clone(),
            Link::Softmax => format!("{}, {} classes", self.text, self.channels),
        }
    }

    /// How often logits are read: twice if the gradient needs sums of all pixels first. Targets are read
    /// twice at any rate.
    pub fn sweeps(&self) -> usize {
        let has_region =
            ["dice", "tversky", "balanced", "imbalanced", "medical", "preset:boundary"];
        if has_region.iter().any(|name| self.text.contains(name)) { 2 } else { 1 }
    }

    /// Planes of targets a sample.
    pub fn planes(&self) -> usize {
        if self.link == Link::Softmax { 1 } else { self.channels }
    }
}
