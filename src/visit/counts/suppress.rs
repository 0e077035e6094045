//! Which groups of a whole can be shown, so that none of the others can be worked out.

/// Which cells can be shown where their total is known to everybody. Cells of nobody are no groups: nothing is hidden by
/// leaving them out, and they are never hidden themselves.
///
/// A cell below the minimum is hidden. Who subtracts what is shown from the total has the sum of the hidden ones: it must be
/// that of at least two, and leave room for each of them to be as large as the minimum. While it does not, the smallest cell that is
/// shown is hidden too. What the total has beyond the cells is a cell that is always hidden.
pub(super) fn showable(total: u64, cells: &[u64], minimum: u64) -> Vec<bool> {
    let mut shown: Vec<bool> = cells.iter().map(|cell| *cell >= minimum).collect();
    let sum = |cells: &mut dyn Iterator<Item = u64>| cells.fold(0, u64::saturating_add);
    let beyond = total.saturating_sub(sum(&mut cells.iter().copied()));
    loop {
        let cells_hidden =
            cells.iter().zip(&shown).filter(|(cell, shown)| !**shown && **cell > 0).map(|(cell, _)| *cell);
        let hidden: Vec<u64> = cells_hidden.chain((beyond > 0).then_some(beyond)).collect();
        let (count, sum) = (hidden.len() as u64, sum(&mut hidden.into_iter()));
        if count == 0 || (count >= 2 && sum > minimum.saturating_add(count - 2)) {
            return shown;
        }
        let smallest = cells.iter().zip(&mut shown).filter(|(_, shown)| **shown).min_by_key(|(cell, _)| **cell);
        match smallest {
            Some((_, shown)) => *shown = false,
            None => return shown,
        }
    }
}

/// Whether a number can be shown by itself: it is no group, or one that is large enough.
pub(super) const fn is_showable(count: u64, minimum: u64) -> bool {
    count == 0 || count >= minimum
}
