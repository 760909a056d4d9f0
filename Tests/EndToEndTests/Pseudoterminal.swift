import Foundation
import Support
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A terminal that keeps what is written to it.
final class Pseudoterminal: Sendable {
  /// What a program writes to.
  let descriptor: Int32
  private let text = Mutex(Data())
  private let hasEnded = Mutex(false)

  init(columns: UInt16) throws {
    var (reading, writing) = (Int32(-1), Int32(-1))
    var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    guard openpty(&reading, &writing, nil, nil, &size) == 0 else {
      throw InputError.system("cannot open", at: "a terminal")
    }
    // Line ends as they are written.
    var settings = termios()
    tcgetattr(writing, &settings)
    cfmakeraw(&settings)
    tcsetattr(writing, TCSANOW, &settings)
    for end in [reading, writing] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    descriptor = writing
    let master = reading
    Thread.detachNewThread { [self] in
      var bytes = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(master, &bytes, bytes.count)
        if count > 0 { text.withLock { $0.append(contentsOf: bytes[..<count]) } }
        if count == 0 || count < 0 && errno != EINTR { break }
      }
      close(master)
      hasEnded.withLock { $0 = true }
    }
  }

  /// What was written until now.
  var soFar: String { text.withLock { String(decoding: $0, as: UTF8.self) } }

  /// All that was written, once the programs that have it open have ended; to be called once.
  func written() -> String {
    close(descriptor)
    while !hasEnded.withLock({ $0 }) { usleep(1000) }
    return soFar
  }
}
