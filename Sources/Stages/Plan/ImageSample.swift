import Foundation
import Support

/// Work on some images, to see how long one takes.
struct ImageSample {
  /// Of an image, one a group of images that were worked on together; not of the first group, which
  /// sets up what is set up once, where there are others.
  private(set) var seconds: [Double] = []
  /// CPU time a second.
  private(set) var cores = 0.0
  /// Images worked on.
  private(set) var images = 0

  private static let budget = 4.0

  /// - Parameters:
  ///   - items: at least one.
  ///   - count: how many make a group.
  ///   - work: does a group.
  static func measure<Item>(
    _ items: [Item], atATime count: Int, _ work: (ArraySlice<Item>) throws -> Void
  ) throws -> ImageSample {
    var sample = ImageSample()
    let (start, before) = (ProcessInfo.processInfo.systemUptime, ProcessUsage.now)
    for group in items.chunks(of: count) {
      try StopSignal.check()
      let began = ProcessInfo.processInfo.systemUptime
      try work(group)
      let now = ProcessInfo.processInfo.systemUptime
      sample.seconds.append((now - began) / Double(group.count))
      sample.images += group.count
      if now - start > budget && sample.seconds.count > 3 { break }
    }
    sample.cores =
      (ProcessUsage.now.cpuSeconds - before.cpuSeconds)
      / max(1e-9, ProcessInfo.processInfo.systemUptime - start)
    if sample.seconds.count > 1 { sample.seconds.removeFirst() }
    return sample
  }
}
