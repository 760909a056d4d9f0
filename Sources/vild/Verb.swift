import ArgumentParser
import Support

/// A command that does something, and not only has others.
protocol Verb: ParsableCommand {
  /// - Parameter console: the program's one, for all that has something to say.
  func run(on console: Console) throws
}
