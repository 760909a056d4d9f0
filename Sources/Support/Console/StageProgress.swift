import Foundation
import Synchronization

/// The progress of one stage: done of total, rate, time left, failures.
///
/// On a terminal the line that rewrites itself; elsewhere JSON lines, at most one every few seconds.
/// What is dropped unfinished is taken from the terminal. Safe to call from several threads.
public final class StageProgress: Sendable {
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
  private let console: Console
  private let started: Double
  private let startedWith: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - unit: what is counted, in the plural: "images", "steps".
  ///   - done: how many were finished by an earlier run; they do not count towards the rate.
  public init(
    stage: String, unit: String, total: Int, done: Int = 0, on console: Console
  ) {
    self.stage = stage
    self.unit = unit
    self.total = total
    self.console = console
    started = Self.now
    startedWith = done
    state = Mutex(State(done: done))
  }

  deinit { console.finish(ObjectIdentifier(self)) }

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
      guard now - state.lastShown >= (console.form == .terminal ? 0.2 : 5) else { return }
      state.lastShown = now
      show(&state, now: now, isLast: false)
    }
  }

  /// Shows the final figures; on a terminal they stay.
  public func finish() {
    state.withLock { show(&$0, now: Self.now, isLast: true) }
  }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }

  private func show(_ state: inout State, now: Double, isLast: Bool) {
    if console.form == .silent { return }
    state.window.append((now, state.units))
    if state.window.count > 50 { state.window.removeFirst() }
    let recent = state.window.first { now - $0.0 < 60 } ?? (started, Double(startedWith))
    let from = isLast || now - recent.0 < 1 ? (started, Double(startedWith)) : recent
    let rate = (state.units - from.1) / max(now - from.0, 1e-9)
    let left = rate > 0 ? (Double(total) - state.units) / rate : nil
    guard console.form == .terminal else {
      let figures: [(String, JSONText?)] = [
        ("event", .string(isLast ? "done" : "progress")), ("stage", .string(stage)),
        ("unit", .string(unit)), ("done", .number(state.done)), ("total", .number(total)),
        ("rate", .short(rate)), ("seconds", .short(now - started)),
        ("eta_seconds", left.map(JSONText.short)), ("failures", .number(state.failures)),
      ]
      return console.say(.object(figures + state.detail.map { ($0.0, JSONText.short($0.1)) }))
    }
    var line = "\(stage): \(state.done)/\(total) \(unit)  \(Self.short(rate))/s"
    line += isLast ? "  in \(Self.clock(now - started))" : ""
    if let left, !isLast { line += "  \(Self.clock(left)) left" }
    if state.failures > 0 { line += "  \(state.failures) failed" }
    for (name, value) in state.detail { line += "  \(name) \(Self.short(value))" }
    if isLast {
      console.finish(ObjectIdentifier(self), line)
    } else {
      console.show(line, of: ObjectIdentifier(self))
    }
  }

  fileprivate static func short(_ value: Double) -> String {
    String(format: abs(value) >= 100 ? "%.0f" : "%.3g", value)
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole >= 3600
      ? String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
      : String(format: "%d:%02d", whole / 60, whole % 60)
  }
}

extension JSONText {
  /// Three digits, or a whole number: enough to look at.
  fileprivate static func short(_ value: Double) -> JSONText {
    let rounded = Double(StageProgress.short(value)) ?? value
    return Int(exactly: rounded).map(JSONText.number) ?? .number(rounded)
  }
}
