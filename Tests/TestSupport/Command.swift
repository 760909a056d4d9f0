import Foundation
package import Support

/// The output of a command and its exit code; nil, said loudly, where the command is not installed.
package func run(_ command: String, _ arguments: [String]) throws -> (code: Int32, output: String)?
{
  try withTemporaryFolder { folder in
    let output = "\(folder)/output"
    let process: ChildProcess
    do {
      process = try ChildProcess(command, arguments, output: .file(output), errors: .file(output))
    } catch let error as InputError where error.kind == .missingInput {
      FileHandle.standardError.write(Data("SKIPPED: \(command) is not installed\n".utf8))
      return nil
    }
    let end = process.wait()
    return (end.status, String(decoding: try Files.read(output), as: UTF8.self))
  }
}
