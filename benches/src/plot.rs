//! Draws a bar chart of the time per event as an SVG, with a logarithmic scale.

use core::fmt::Write;

/// A bar chart. Each group has one bar of each series.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// The title of the plot.
    pub title: String,
    /// The names of the series. A series has one colour.
    pub series: Vec<String>,
    /// The name of each group, and a time in nanoseconds for each series.
    pub groups: Vec<(String, Vec<Option<f64>>)>,
}

const COLOURS: [&str; 9] = [
    "#c2410c", "#f59e0b", "#1d4ed8", "#60a5fa", "#0f766e", "#5eead4", "#6b21a8", "#c084fc",
    "#64748b",
];
const BAR: usize = 11;
const GAP: usize = 22;
const LEFT: usize = 56;
const TOP: usize = 64;
const HEIGHT: f64 = 280.0;
/// The scale: from 1 ns to 10 µs.
const DECADES: i32 = 4;

impl Plot {
    /// The plot as an SVG.
    ///
    /// # Panics
    ///
    /// Never, because writing to a string cannot fail.
    #[must_use]
    pub fn svg(&self) -> String {
        let group_width = self.series.len() * BAR + GAP;
        let width = LEFT + self.groups.len() * group_width + GAP;
        let mut svg = String::new();
        self.write(&mut svg, group_width, width)
            .expect("writing to a string cannot fail");
        svg
    }

    fn write(&self, svg: &mut String, group_width: usize, width: usize) -> core::fmt::Result {
        let top = f64::from(u32::try_from(TOP).expect("it is small"));
        let bottom = top + HEIGHT;
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {}\" \
             font-family=\"sans-serif\" font-size=\"11\">",
            bottom + 60.0
        )?;
        writeln!(svg, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>")?;
        writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"20\" font-size=\"14\">{}</text>",
            self.title
        )?;
        let mut at = LEFT;
        for (name, colour) in self.series.iter().zip(COLOURS) {
            writeln!(
                svg,
                "<rect x=\"{at}\" y=\"34\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"43\">{name}</text>",
                at + 14
            )?;
            at += 30 + 6 * name.len();
        }
        for decade in 0..=DECADES {
            let nanos = 10_f64.powi(decade);
            let y = bottom - height(nanos);
            let label = match decade {
                0..3 => format!("{nanos} ns"),
                _ => format!("{} µs", nanos / 1000.0),
            };
            writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{width}\" y1=\"{y:.1}\" y2=\"{y:.1}\" \
                 stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                LEFT - 6,
                y + 4.0
            )?;
        }
        for (group, (name, times)) in self.groups.iter().enumerate() {
            let left = LEFT + group * group_width + GAP / 2;
            for (bar, (nanos, colour)) in times.iter().zip(COLOURS).enumerate() {
                let Some(nanos) = nanos else { continue };
                let (height, x) = (height(*nanos), left + bar * BAR);
                writeln!(
                    svg,
                    "<rect x=\"{x}\" y=\"{:.1}\" width=\"{}\" height=\"{height:.1}\" \
                     fill=\"{colour}\"><title>{}, {name}: {nanos:.1} ns</title></rect>",
                    bottom - height,
                    BAR - 1,
                    self.series[bar]
                )?;
            }
            let middle = left + self.series.len() * BAR / 2;
            for (line, part) in name.split(", ").enumerate() {
                writeln!(
                    svg,
                    "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{part}</text>",
                    bottom + 16.0 + 14.0 * f64::from(u32::try_from(line).unwrap_or(0))
                )?;
            }
        }
        writeln!(svg, "</svg>")
    }
}

/// The height of a bar.
fn height(nanos: f64) -> f64 {
    (nanos.max(1.0).log10() / f64::from(DECADES)).min(1.0) * HEIGHT
}
