public import Support

/// How numbers and bytes get from one rank to the others.
///
/// Each rank calls the same functions in the same order, from one thread; all but `abandon` return once
/// the others have called them too.
public protocol RankTransport: Sendable {
  /// From 0.
  var rank: Int { get }
  var count: Int { get }

  /// The bytes of each rank, one after the other, in their order; as many of each.
  func gather(
    _ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer
  ) throws(InputError)

  /// What rank 0 has, for all.
  func send(_ bytes: UnsafeMutableRawBufferPointer) throws(InputError)

  /// The sum over all ranks in place, the same bits on each.
  func sum(_ values: UnsafeMutableBufferPointer<Float>) throws(InputError)

  /// Waits for the others, and leaves them.
  func finish()

  /// Ends all ranks at once with an exit code; called by any thread, and may not return.
  func abandon(code: Int32)
}
