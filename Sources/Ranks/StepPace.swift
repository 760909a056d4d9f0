import Foundation
public import Support

/// How long a rank waits for the others before it takes one of them for hung: by how long steps have taken.
public struct StepPace {
  /// What the leader does between two steps, while the others wait.
  public enum Pause: Sendable {
    case none, checkpoint, evaluation
  }

  /// A number of seconds in the environment that is waited for instead, and no less after a checkpoint.
  public static let variable = "VILD_STEP_TIMEOUT"
  /// In units of the median step.
  static let factor = 20.0
  static let least = 60
  /// While steps are few, or after a checkpoint, which a slow disk may take its time for.
  static let first = 1800
  private static let window = 100

  private let given: Int?
  private var recent: [Double] = []
  /// Before the next step.
  public var pause = Pause.none

  /// - Throws: `InputError` (`usage`) where the environment's number is none.
  public init() throws(InputError) {
    guard let text = ProcessInfo.processInfo.environment[Self.variable], !text.isEmpty else {
      given = nil
      return
    }
    guard let seconds = Int(text), 1...1_000_000 ~= seconds else {
      throw InputError(
        .usage, "unusable \(Self.variable) in the environment",
        expected: "seconds in 1...1000000", got: "'\(text.prefix(60))'")
    }
    given = seconds
  }

  /// Adds a step, and takes the pause before it for over.
  public mutating func add(seconds: Double) {
    recent.append(seconds)
    if recent.count > Self.window { recent.removeFirst() }
    pause = .none
  }

  /// In seconds; nil for any time.
  public var patience: Int? {
    if pause == .evaluation { return nil }
    if let given { return given }
    guard pause == .none, recent.count >= 5 else { return Self.first }
    let median = recent.sorted()[recent.count / 2]
    return max(Self.least, Int((Self.factor * median).rounded(.up)))
  }
}
