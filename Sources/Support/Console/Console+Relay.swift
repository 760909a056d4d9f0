import Foundation

extension Console {
  /// Passes on a line that another process of this program wrote to its own console of JSON lines, or
  /// that the system wrote there.
  ///
  /// - Parameter owner: stands for the other process while something is under way there.
  package func relay(_ line: String, of owner: ObjectIdentifier) {
    if form == .jsonLines { return copy(line) }
    guard form == .terminal else { return }
    guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else {
      return say(line)
    }
    if let message = event.message {
      say(event.stage, message)
    } else if let done = event.done, let total = event.total, let unit = event.unit {
      let text = "\(event.stage): \(done)/\(total) \(unit)"
      if event.event == "done" { finish(owner, text) } else { show(text, of: owner) }
    }
  }

  /// A message, or the progress of a `StageProgress`.
  private struct Event: Decodable {
    let event: String
    let stage: String
    let message: String?
    let done: Int?
    let total: Int?
    let unit: String?
  }
}
