use core::mem::swap;

/// Bytes of the longest word that is measured.
const LONGEST: usize = 32;

/// The candidate that `word` is most likely a misspelling of, the first of equally likely ones.
///
/// One that differs by upper and lower case alone is taken at once. Else the fewest insertions,
/// deletions, replacements and swaps of neighbours count (optimal string alignment, the restricted
/// Damerau-Levenshtein distance), of which at most one per three bytes of the longer word, and one in
/// shorter words, are a misspelling. Words of more than 32 bytes are not compared.
pub fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let mut best = None;
    for candidate in candidates {
        if candidate.eq_ignore_ascii_case(word) {
            return Some(candidate);
        }
        let Some(edits) = distance(word.as_bytes(), candidate.as_bytes()) else { continue };
        let longer = word.len().max(candidate.len());
        let likely = edits <= (longer / 3).max(1) && edits < longer;
        if likely && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment without regard to case; `None` if a word is too long.
fn distance(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return None;
    }
    // Rows of the table of distances between prefixes, for the bytes of `a` up to this one, the one
    // before and the one before that.
    let (mut row, mut above, mut above2) = ([0; LONGEST + 1], [0; LONGEST + 1], [0; LONGEST + 1]);
    for (j, cell) in row.iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        swap(&mut above, &mut above2);
        swap(&mut row, &mut above);
        row[0] = i;
        for j in 1..=b.len() {
            let same = |m: usize, n: usize| a[m].eq_ignore_ascii_case(&b[n]);
            let replaced = above[j - 1] + usize::from(!same(i - 1, j - 1));
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1) {
                row[j] = row[j].min(above2[j - 2] + 1);
            }
        }
    }
    Some(row[b.len()])
}
