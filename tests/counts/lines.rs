//! The least and the most that a number can be, where sums of numbers are known: linear programming, two phases.

/// Numbers that are not negative, and equations over them.
#[derive(Debug, Default, Clone)]
pub(crate) struct Equations {
    count: usize,
    /// Factors by number, and the sum.
    rows: Vec<(Vec<(usize, f64)>, f64)>,
}

const NOISE: f64 = 1e-7;

impl Equations {
    /// Another number.
    pub(crate) fn number(&mut self) -> usize {
        self.count += 1;
        self.count - 1
    }

    pub(crate) fn equal(&mut self, factors: Vec<(usize, f64)>, sum: u64) {
        self.rows.push((factors, sum as f64));
    }

    /// What follows from them. They must not contradict each other.
    pub(crate) fn solve(&self) -> Solutions {
        let mut start = Tableau::new(self);
        start.find_any();
        Solutions(start)
    }
}

pub(crate) struct Solutions(Tableau);

impl Solutions {
    /// The least and the most that a number can be; infinite where nothing bounds it.
    pub(crate) fn bounds(&self, number: usize) -> (f64, f64) {
        let extreme = |sign: f64| sign * self.0.clone().minimize(number, sign);
        (extreme(1.0), extreme(-1.0))
    }
}

/// Rows with a basis; the last column is the sum.
#[derive(Clone)]
struct Tableau {
    rows: Vec<Vec<f64>>,
    basis: Vec<usize>,
    count: usize,
}

impl Tableau {
    fn new(equations: &Equations) -> Self {
        let (count, height) = (equations.count, equations.rows.len());
        let rows = (equations.rows.iter().enumerate())
            .map(|(at, (factors, sum))| {
                let mut row = vec![0.0; count + height + 1];
                factors.iter().for_each(|(number, factor)| row[*number] += factor);
                row[count + at] = 1.0;
                row[count + height] = *sum;
                row
            })
            .collect();
        Self { rows, basis: (count..count + height).collect(), count }
    }

    /// Finds numbers that solve the equations.
    fn find_any(&mut self) {
        let width = self.rows.first().map_or(1, Vec::len);
        let mut costs = vec![0.0; width];
        costs[self.count..width - 1].fill(1.0);
        let rest = self.descend(costs, width - 1);
        assert!(rest.abs() < NOISE, "what is shown contradicts itself: {rest}");
        // What is left in the basis of what only helped to start is zero, and must stay so.
        for at in 0..self.rows.len() {
            if self.basis[at] >= self.count
                && let Some(column) = (0..self.count).find(|column| self.rows[at][*column].abs() > NOISE)
            {
                self.pivot(at, column);
            }
        }
        let kept = |tableau: &Self, at: usize| tableau.basis[at] < tableau.count;
        let keep: Vec<_> = (0..self.rows.len()).map(|at| kept(self, at)).collect();
        let mut flags = keep.iter();
        self.rows.retain(|_| *flags.next().unwrap());
        let mut flags = keep.iter();
        self.basis.retain(|_| *flags.next().unwrap());
    }

    fn minimize(&mut self, number: usize, sign: f64) -> f64 {
        let mut costs = vec![0.0; self.rows.first().map_or(self.count + 1, Vec::len)];
        costs[number] = sign;
        let columns = self.count;
        self.descend(costs, columns)
    }

    /// Lowers the costs to their least, by Bland's rule, over these first columns.
    fn descend(&mut self, mut costs: Vec<f64>, columns: usize) -> f64 {
        let last = costs.len() - 1;
        for (row, number) in self.rows.iter().zip(&self.basis) {
            let factor = costs[*number];
            costs.iter_mut().zip(row).for_each(|(cost, value)| *cost -= factor * value);
        }
        loop {
            let Some(column) = (0..columns).find(|column| costs[*column] < -NOISE) else { return -costs[last] };
            let leaving = (0..self.rows.len()).filter(|at| self.rows[*at][column] > NOISE).min_by(|left, right| {
                let ratio = |at: &usize| self.rows[*at][last] / self.rows[*at][column];
                ratio(left).total_cmp(&ratio(right)).then(self.basis[*left].cmp(&self.basis[*right]))
            });
            let Some(leaving) = leaving else { return f64::NEG_INFINITY };
            self.pivot(leaving, column);
            let factor = costs[column];
            costs.iter_mut().zip(&self.rows[leaving]).for_each(|(cost, value)| *cost -= factor * value);
        }
    }

    fn pivot(&mut self, at: usize, column: usize) {
        let factor = self.rows[at][column];
        self.rows[at].iter_mut().for_each(|value| *value /= factor);
        let pivot = self.rows[at].clone();
        for (other, row) in self.rows.iter_mut().enumerate() {
            let factor = row[column];
            if other != at && factor != 0.0 {
                row.iter_mut().zip(&pivot).for_each(|(value, by)| *value -= factor * by);
            }
        }
        self.basis[at] = column;
    }
}

#[test]
fn bounds_of_a_small_table() {
    let mut equations = Equations::default();
    let [a, b, c, d] = [(); 4].map(|()| equations.number());
    equations.equal(vec![(a, 1.0), (b, 1.0)], 10);
    equations.equal(vec![(b, 1.0), (c, 1.0)], 7);
    equations.equal(vec![(a, 1.0), (d, -1.0)], 4);
    assert_eq!(
        [a, b, c, d].map(|number| equations.solve().bounds(number)),
        [(4.0, 10.0), (0.0, 6.0), (1.0, 7.0), (0.0, 6.0)]
    );
    let free = equations.number();
    assert_eq!(equations.solve().bounds(free), (0.0, f64::INFINITY));
    equations.equal(vec![(c, 1.0)], 3);
    assert_eq!([a, b, d].map(|number| equations.solve().bounds(number)), [(6.0, 6.0), (4.0, 4.0), (2.0, 2.0)]);
}
