import Synchronization

/// How much memory tensors take, in bytes of the whole process.
public enum TensorMemory {
  private static let used = Atomic(0)
  private static let largest = Atomic(0)

  /// Of the tensors that exist now.
  public static var current: Int { used.load(ordering: .relaxed) }

  /// The most there has been since the start, or since `resetPeak`.
  public static var peak: Int { largest.load(ordering: .relaxed) }

  /// Of the tensors and of what is kept for the next ones.
  public static var held: Int { current + Arena.freeBytes }

  /// Counts the peak anew, from what there is now.
  public static func resetPeak() { largest.store(current, ordering: .relaxed) }

  /// - Returns: what there is now.
  @discardableResult
  static func add(_ bytes: Int) -> Int {
    let now = used.add(bytes, ordering: .relaxed).newValue
    largest.max(now, ordering: .relaxed)
    return now
  }

  static func remove(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
}
