#if canImport(Glibc)
  import Glibc
#endif

/// A thread that can be waited for.
struct WorkerThread {
  private let thread: pthread_t

  /// Decoding takes more than a thread may be given otherwise.
  private static let stackBytes = 8 << 20

  /// Nil where the system gives no more threads.
  init?(_ body: @escaping @Sendable () -> Void) {
    let life = Unmanaged.passRetained(Life(body))
    var thread = pthread_t()
    let code = withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { attributes in
      let attributes = attributes.baseAddress!
      pthread_attr_init(attributes)
      defer { pthread_attr_destroy(attributes) }
      pthread_attr_setstacksize(attributes, Self.stackBytes)
      return pthread_create(
        &thread, attributes,
        { life in
          Unmanaged<Life>.fromOpaque(life!).takeRetainedValue().body()
          return nil
        }, life.toOpaque())
    }
    guard code == 0 else {
      life.release()
      return nil
    }
    self.thread = thread
  }

  /// Waits until it has ended; to be called once.
  func join() { pthread_join(thread, nil) }

  private final class Life {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
