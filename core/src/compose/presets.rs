use crate::link::Link;

/// A loss for a kind of task, by name: the text of a sum of terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name, read as `preset:name`.
    pub name: &'static str,
    /// What it is for.
    pub task: &'static str,
    binary: &'static str,
    multiclass: &'static str,
}

impl Preset {
    /// The loss as text: under softmax with `ce` in place of `bce`.
    pub const fn text(&self, link: Link) -> &'static str {
        match link {
            Link::Sigmoid => self.binary,
            Link::Softmax => self.multiclass,
        }
    }

    /// The preset called `name`.
    pub fn by_name(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }
}

/// The source's four, then those that other frameworks train with.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "balanced",
        task: "classes of similar size",
        binary: "0.5*bce + 0.5*dice",
        multiclass: "0.5*ce + 0.5*dice",
    },
    Preset {
        name: "imbalanced",
        task: "a class that is rare",
        binary: "0.5*dice + 0.5*focal",
        multiclass: "0.5*dice + 0.5*focal",
    },
    Preset {
        name: "boundary",
        task: "precise edges",
        binary: "0.3*bce + 0.4*dice + 0.3*boundary",
        multiclass: "0.3*ce + 0.4*dice + 0.3*boundary",
    },
    Preset {
        name: "medical",
        task: "overlap, and nothing missed",
        binary: "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)",
        multiclass: "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)",
    },
    // Isensee et al., nnU-Net, Nature Methods 2021: without its -1, and with each sample's Dice for masks.
    Preset {
        name: "nnunet",
        task: "volumes of organs, as nnU-Net is trained",
        binary: "bce + dice(smooth=1e-5)",
        multiclass: "ce + dice(classes=foreground, smooth=1e-5)",
    },
];

/// Their names, for a message.
pub(super) const NAMES: [&str; PRESETS.len()] = {
    let mut names = [""; PRESETS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = PRESETS[place].name;
        place += 1;
    }
    names
};
