internal import Support

extension RegionCache {
  /// The whole loop of one worker: leases units, asks for the records of their images one by one,
  /// publishes, until no unit is to be had.
  ///
  /// A unit that another worker took over meanwhile is left to it. When `isStopped` says so, the
  /// unit in work is given back and the loop ends; likewise, with the error, when `record` fails.
  ///
  /// - Parameters:
  ///   - isStopped: asked before every image.
  ///   - record: the record of an image.
  ///   - published: told of each unit once its shard is durable.
  public func work(
    isStopped: () -> Bool = { false }, record: (_ imageID: Int) throws -> CacheRecord,
    published: (WorkUnit, [CacheRecord]) -> Void = { _, _ in }
  ) throws {
    while !isStopped(), let unit = try nextUnit() {
      do {
        var records: [CacheRecord] = []
        for image in unit.imageIDs {
          if isStopped() {
            try release(unit)
            return
          }
          try keep(unit)
          try begin(unit)
          records.append(try record(image))
        }
        try publish(unit, records: records)
        published(unit, records)
      } catch  where isLoss(error, of: unit) {
        continue
      } catch {
        try release(unit)
        throw error
      }
    }
  }
}
