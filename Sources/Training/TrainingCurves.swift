import Foundation

/// Figures over steps as a picture: one small diagram a figure that changes. Means of neighbouring
/// steps stand for long runs, so memory does not grow with them.
package struct TrainingCurves {
  private struct Curve {
    /// Steps a point stands for.
    var width = 1
    /// By step / width.
    var points: [Int: (sum: Double, count: Int)] = [:]
    var lastStep = 0
    private var count = 0
    private(set) var range = Double.infinity...Double.infinity

    /// Whether all values are the same; of one value nobody knows.
    var isConstant: Bool { count > 1 && range.lowerBound == range.upperBound }

    var means: [(step: Double, value: Double)] {
      points.sorted { $0.key < $1.key }.map { place, point in
        (Double(place * width) + Double(width - 1) / 2, point.sum / Double(point.count))
      }
    }

    mutating func add(_ value: Double, step: Int) {
      lastStep = step
      count += 1
      range =
        count == 1 ? value...value : min(range.lowerBound, value)...max(range.upperBound, value)
      points[step / width, default: (0, 0)].sum += value
      points[step / width]!.count += 1
      guard points.count > TrainingCurves.mostPoints else { return }
      width *= 2
      points = points.reduce(into: [:]) { merged, point in
        merged[point.key / 2, default: (0, 0)].sum += point.value.sum
        merged[point.key / 2]!.count += point.value.count
      }
    }
  }

  fileprivate static let mostPoints = 400
  /// Before the names of an evaluation's figures.
  static let evaluationPrefix = "evaluation: "
  private static let (cellWidth, cellHeight) = (340.0, 180.0)
  /// Of the curve's frame inside its cell.
  private static let (left, top, width, height) = (68.0, 30.0, 252.0, 116.0)
  private static let columns = 3

  private var curves: [String: Curve] = [:]
  /// What the evaluations' figures depend on beside the weights.
  private var evaluationInputs: String?
  /// Values that figures are compared with, by figure.
  private var baselines: [String: [(name: String, value: Double)]] = [:]

  /// Adds a figure; one that is not finite is passed over.
  mutating func add(_ name: String, step: Int, _ value: Double, isEvaluation: Bool = false) {
    let name = isEvaluation ? Self.evaluationPrefix + name : name
    if value.isFinite { curves[name, default: Curve()].add(value, step: step) }
  }

  /// Leaves out the evaluations so far where they depend on other things than those to come.
  mutating func beginEvaluation(by inputs: String) {
    if evaluationInputs != inputs {
      curves = curves.filter { !$0.key.hasPrefix(Self.evaluationPrefix) }
    }
    evaluationInputs = inputs
  }

  /// Adds a value that the figure of the name `figure` is compared with, a dashed line in its diagram.
  mutating func addBaseline(_ name: String, of figure: String, _ value: Double) {
    if value.isFinite { baselines[figure, default: []].append((name, value)) }
  }

  /// Those that change, in alphabetical order, but for the loss, which is the first.
  private var names: [String] {
    curves.filter { !$0.value.isConstant }.keys
      .sorted { $1 != "loss" && ($0 == "loss" || $0 < $1) }
  }

  /// Figures that have the same value in every step, and have no diagram: "distilled 16".
  package var unchanged: [String] {
    curves.filter(\.value.isConstant).sorted { $0.key < $1.key }
      .map { "\($0.key) \(Self.short($0.value.range.lowerBound))" }
  }

  /// Each changing figure's name and diagram, an SVG element to put into a page.
  package var diagrams: [(name: String, svg: String)] {
    names.map { name in
      let label = Self.escaped(name).replacing("\"", with: "&quot;")
      return (
        name,
        """
        <svg viewBox="0 0 \(Self.cellWidth) \(Self.cellHeight)" role="img" \
        aria-label="\(label)" font-family="sans-serif" font-size="11">
        \(diagram(name))</svg>
        """
      )
    }
  }

  /// The picture as the text of an SVG file. A figure that is always positive and spans more than a
  /// factor of 20 has a logarithmic axis; an evaluation's points are marked; what a figure means is
  /// its diagram's tooltip.
  func svg(title: String) -> String {
    let names = names
    let rows = (names.count + Self.columns - 1) / Self.columns
    let unchanged = unchanged.isEmpty ? "" : "; unchanged: \(unchanged.joined(separator: ", "))"
    let (width, height) = (
      Double(Self.columns) * Self.cellWidth, 36 + Double(rows) * Self.cellHeight
    )
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" \
      width="\(width)" height="\(height)" font-family="sans-serif" font-size="11">
      <rect width="100%" height="100%" fill="white"/>
      <text x="12" y="24" font-size="15">\(Self.escaped(title))\
      <tspan font-size="11" fill="#555">\(Self.escaped(unchanged))</tspan></text>

      """
    for (index, name) in names.enumerated() {
      let x = Double(index % Self.columns) * Self.cellWidth
      let y = 36 + Double(index / Self.columns) * Self.cellHeight
      let meaning = TrainingFigure.explanation(of: name) ?? name
      text += "<g transform=\"translate(\(x) \(y))\"><title>\(Self.escaped(meaning))</title>\n"
      text += diagram(name) + "</g>\n"
    }
    return text + "</svg>\n"
  }

  private func diagram(_ name: String) -> String {
    Self.diagram(name, curves[name]!, baselines: baselines[name] ?? [])
  }

  private static func diagram(
    _ name: String, _ curve: Curve, baselines: [(name: String, value: Double)]
  ) -> String {
    let points = curve.means
    let values = points.map(\.value)
    let all = values + baselines.map(\.value)
    let (low, high) = (all.min()!, all.max()!)
    let isLogarithmic = low > 0 && high > 20 * low
    func scaled(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }
    let (bottom, range) = (scaled(low), scaled(high) - scaled(low))
    let (first, span) = (points[0].step, points.last!.step - points[0].step)
    func y(of value: Double) -> Double {
      top + (range > 0 ? 1 - (scaled(value) - bottom) / range : 0.5) * height
    }
    let places = points.map { point in
      let x = left + (span > 0 ? (point.step - first) / span : 0.5) * width
      return String(format: "%.1f,%.1f", x, y(of: point.value))
    }
    let compared = baselines.map { baseline in
      let at = y(of: baseline.value)
      let (line, label) = (
        String(format: "%.1f", at), String(format: "%.1f", max(top + 10, at - 4))
      )
      return """
        <path d="M\(left) \(line)h\(width)" stroke="#777" stroke-dasharray="5 4"/>
        <text x="\(left + width)" y="\(label)" text-anchor="end" fill="#555">\
        \(escaped(baseline.name)) \(short(baseline.value))</text>

        """
    }
    let middle = isLogarithmic ? pow(10, bottom + range / 2) : bottom + range / 2
    let grid = [(0.0, high), (0.5, middle), (1, low)].map { part, value in
      let y = top + part * height
      return """
        <path d="M\(left) \(y)h\(width)" stroke="#ddd"/>
        <text x="\(left - 6)" y="\(y + 4)" text-anchor="end" fill="#555">\(short(value))</text>

        """
    }
    // A line of one point would not be seen.
    let isMarked = points.count == 1 || name.hasPrefix(evaluationPrefix)
    let bottomY = top + height + 16
    let last = "\(short(values.last!))\(isLogarithmic ? ", log" : "")"
    return """
      <text x="\(left)" y="\(top - 10)">\(escaped(name)) <tspan fill="#555">\(last)</tspan></text>
      \(grid.joined())\(compared.joined())<text x="\(left)" y="\(bottomY)" fill="#555">\(Int(first))</text>
      <text x="\(left + width)" y="\(bottomY)" text-anchor="end" fill="#555">\
      step \(curve.lastStep)</text>
      <polyline points="\(places.joined(separator: " "))" fill="none" stroke="#2563a8" \
      stroke-width="1.5" stroke-linejoin="round"/>\(isMarked ? places.map(dot).joined() : "")

      """
  }

  private static func dot(_ place: String) -> String {
    let numbers = place.split(separator: ",")
    return "<circle cx=\"\(numbers[0])\" cy=\"\(numbers[1])\" r=\"2.5\" fill=\"#2563a8\"/>"
  }

  private static func short(_ value: Double) -> String { String(format: "%.3g", value) }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
