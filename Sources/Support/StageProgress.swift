import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The progress of one stage: done of total, rate, time left, failures.
///
/// On a terminal one line that rewrites itself; elsewhere JSON lines on standard error, at most one
/// every few seconds, so that a log can be read by a person and by a program.
/// Safe to call from several threads.
public final class StageProgress: Sendable {
  /// Where and how progress is shown.
  public enum Style: Sendable {
    case terminal
    case jsonLines
    case silent

    /// A terminal when standard error is one, JSON lines otherwise.
    public static var automatic: Style { isatty(STDERR_FILENO) == 1 ? .terminal : .jsonLines }
  }

  private struct State {
    var done: Int
    var underWay = 0.0
    var failures = 0
    var detail: [(String, Double)] = []
    var lastShown = -Double.infinity
    /// (time, units) of a few moments ago, so that the rate follows the machine.
    var window: [(Double, Double)] = []

    /// With the shares of units that are under way.
    var units: Double { Double(done) + underWay }
  }

  private let stage: String
  private let unit: String
  private let total: Int
  private let style: Style
  private let started: Double
  private let startedWith: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - unit: what is counted, in the plural: "images", "steps".
  ///   - done: how many were finished by an earlier run; they do not count towards the rate.
  public init(
    stage: String, unit: String, total: Int, done: Int = 0, style: Style = .automatic
  ) {
    self.stage = stage
    self.unit = unit
    self.total = total
    self.style = style
    started = Self.now
    startedWith = done
    state = Mutex(State(done: done))
  }

  /// Counts finished units and failures.
  ///
  /// - Parameters:
  ///   - underWay: what is done of units that are not finished, in units, where these take long: the
  ///     rate and the time left count it.
  ///   - detail: figures worth showing, such as a loss; nil leaves the last ones.
  public func advance(
    by count: Int = 1, failures: Int = 0, underWay: Double = 0, detail: [(String, Double)]? = nil
  ) {
    state.withLock { state in
      state.done += count
      state.underWay = underWay
      state.failures += failures
      if let detail { state.detail = detail }
      let now = Self.now
      guard now - state.lastShown >= (style == .terminal ? 0.2 : 5) else { return }
      state.lastShown = now
      show(&state, now: now, event: "progress")
    }
  }

  /// Shows the final figures and ends the terminal's line.
  public func finish() {
    state.withLock { state in
      show(&state, now: Self.now, event: "done")
      if style == .terminal { StandardError.write("\n") }
    }
  }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }

  private func show(_ state: inout State, now: Double, event: String) {
    if style == .silent { return }
    state.window.append((now, state.units))
    if state.window.count > 50 { state.window.removeFirst() }
    let recent = state.window.first { now - $0.0 < 60 } ?? (started, Double(startedWith))
    let from = event == "done" || now - recent.0 < 1 ? (started, Double(startedWith)) : recent
    let rate = (state.units - from.1) / max(now - from.0, 1e-9)
    let left = rate > 0 ? (Double(total) - state.units) / rate : nil
    switch style {
    case .terminal:
      var line = "\(stage): \(state.done)/\(total) \(unit)  \(Self.short(rate))/s"
      if let left, event != "done" { line += "  \(Self.clock(left)) left" }
      if event == "done" { line += "  in \(Self.clock(now - started))" }
      if state.failures > 0 { line += "  \(state.failures) failed" }
      for (name, value) in state.detail { line += "  \(name) \(Self.short(value))" }
      StandardError.write("\r\u{1B}[K\(line)")
    case .jsonLines:
      var line = "{\"event\":\"\(event)\",\"stage\":\"\(stage)\",\"unit\":\"\(unit)\""
      line += ",\"done\":\(state.done),\"total\":\(total),\"rate\":\(Self.short(rate))"
      line += ",\"seconds\":\(Self.short(now - started))"
      if let left { line += ",\"eta_seconds\":\(Self.short(left))" }
      line += ",\"failures\":\(state.failures)"
      for (name, value) in state.detail {
        line += ",\"\(name)\":\(value.isFinite ? Self.short(value) : "null")"
      }
      StandardError.write("\(line)}\n")
    case .silent: break
    }
  }

  private static func short(_ value: Double) -> String {
    String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value)
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}
