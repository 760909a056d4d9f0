import ArgumentParser
import Stages
import Support

struct VerifyCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compare what runs left with what was written; exit code 65 where it is another.",
    discussion: """
      A stage records the size, the time and a checksum of each of its outputs. A large file that has \
      its size and time is taken for whole; with --full everything is read to its end, also what the \
      caches hold and the names' embeddings that all runs share. Each line says what is wrong, where, \
      and what makes it again. Stages that have not finished, and files that nobody recorded, are \
      said and are no errors.
      """)

  @Argument(
    help: ArgumentHelp(
      "Folders of runs, of all runs, of single stages or caches.", valueName: "folder"))
  var folders: [String]

  @Flag(help: "Read every file, whatever its size and time say.")
  var full = false

  func run(on console: Console) throws {
    let results = try VerifyStage(folders, isFull: full).verify()
    for line in results.flatMap(\.lines) { try StandardOutput.print(line) }
    if let error = VerifyStage.refusal(of: results) { throw error }
  }
}
