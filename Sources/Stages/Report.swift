import Foundation
public import Support

/// What a stage tells the user, line by line, on standard error; results go to standard output.
public struct Report: Sendable {
  /// How progress is shown beside it.
  let style: StageProgress.Style

  public init(style: StageProgress.Style = .automatic) { self.style = style }

  /// A line for people; a JSON object where standard error is not a terminal.
  func say(_ stage: String, _ message: String) {
    switch style {
    case .terminal: write("\(stage): \(message)".printable)
    case .jsonLines:
      let object = ["event": "message", "stage": stage, "message": message]
      if let data = try? JSONSerialization.data(
        withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
      {
        write(String(decoding: data, as: UTF8.self))
      }
    case .silent: break
    }
  }

  /// The same for something that is wrong and stops nothing.
  func warn(_ stage: String, _ message: String) { say(stage, "warning: \(message)") }

  private func write(_ line: String) { StandardError.write("\(line)\n") }
}
