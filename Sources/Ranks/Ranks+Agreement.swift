import Foundation
import Support

/// An error as it travels.
struct Failure: Codable {
  let code: Int32
  /// Nil for a signal that asked to stop.
  let text: String?

  init(_ error: any Error) {
    switch error {
    case let error as InputError: (code, text) = (error.kind.rawValue, "\(error)")
    case let stopped as Stopped: (code, text) = (stopped.exitCode, nil)
    case let end as Ranks.End: (code, text) = (end.code, nil)
    default: (code, text) = (InputError.Kind.inputOutput.rawValue, "\(error)")
    }
  }

  /// The same of another rank.
  func error(of rank: Int, on host: String) -> any Error {
    guard let text, let kind = InputError.Kind(rawValue: code) else {
      return code > 128 ? Stopped(signal: code - 128) : Ranks.End(code: code)
    }
    return InputError(kind, "rank \(rank) on \(host): \(text)")
  }
}

extension Ranks {
  private struct Envelope: Codable {
    let host: String
    let failure: Failure?
    /// An array of one; what a rank that has failed was asked for, nobody reads.
    let message: Data
  }

  /// What each rank has to say, in their order.
  ///
  /// - Parameters:
  ///   - own: this rank's, or why it goes on no more.
  ///   - patience: how many seconds the others may take; nil for any time.
  /// - Throws: where a rank has failed, the error on the leader, which names the rank, and `End` on the
  ///   others; `InputError` (`tryAgain`) where they cannot be reached.
  public func share<Message: Codable>(
    _ own: Result<Message, any Error>, patience: Int?
  ) throws -> [Message] {
    if isAlone { return [try own.get()] }
    let encoder = PropertyListEncoder()
    encoder.outputFormat = .binary
    let envelope =
      switch own {
      case .success(let value):
        Envelope(host: Self.host, failure: nil, message: try encoder.encode([value]))
      case .failure(let error):
        Envelope(host: Self.host, failure: Failure(error), message: Data())
      }
    let decoder = PropertyListDecoder()
    let all = try gather(encoder.encode(envelope), patience: patience).map {
      try decoder.decode(Envelope.self, from: $0)
    }
    guard let failed = all.firstIndex(where: { $0.failure != nil }) else {
      return try all.map { try decoder.decode([Message].self, from: $0.message)[0] }
    }
    if failed == rank, case .failure(let error) = own { throw end(error) }
    throw end(all[failed].failure!.error(of: failed, on: all[failed].host))
  }

  /// What the leader finds, for all. The others wait for any time.
  public func leaderDecides<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    if isAlone { return try body() }
    let own: Result<[Value], any Error> = isLeader ? Result { [try body()] } : .success([])
    return try share(own, patience: nil)[0][0]
  }

  /// Has something done by the leader first, which may write what the others then find.
  public func leaderFirst<Value>(_ body: () throws -> Value) throws -> Value {
    if isAlone { return try body() }
    let own = isLeader ? Result { try body() } : nil
    _ = try share(own.map { $0.map { _ in true } } ?? .success(true), patience: nil)
    return try own?.get() ?? body()
  }

  /// What each rank does, so that an error of any ends all.
  public func together(_ body: () throws -> Void) throws {
    do { try body() } catch { throw told(error) }
  }

  /// Tells the others of an error that they do not know yet, where they share something next; returns what
  /// is to be thrown.
  public func told(_ error: any Error) -> any Error {
    guard isReached else { return error }
    do {
      _ = try share(Result<Bool, any Error>.failure(error), patience: 600)
    } catch let agreed {
      return isReached || isBroken ? error : agreed
    }
    return error
  }

  private static var host: String { ProcessInfo.processInfo.hostName }
}
