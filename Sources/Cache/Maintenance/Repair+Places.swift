internal import Glibc
internal import Shards
internal import Support

/// Whole shards that lie under others' names, as after a copy gone wrong.
extension Repair {
  private static let aside = ".aside"

  /// Gives each of them its own name, where that is free or another of them has it. They go aside
  /// first, so that two may change places; killed in between, the next repair goes on from there.
  mutating func putShardsInPlace() throws(InputError) {
    for (name, number) in try misplaced().sorted(by: { $0.key < $1.key }) {
      let (path, own) = (folder.shard(name), folder.shard(number))
      guard link(path, own + Self.aside) == 0 else { throw .system("cannot move to", at: own) }
      try Files.syncFolder(of: own)
      guard unlink(path) == 0 else { throw .system("cannot move", at: path) }
    }
    for number in try folder.shardNumbers(ending: Self.aside) {
      let own = folder.shard(number)
      if link(own + Self.aside, own) == 0 {
        try Files.syncFolder(of: own)
        unlink(own + Self.aside)
        note(.renamed, shard: number, "it lay under another's name")
      } else if errno == EEXIST {
        try moveAway(own + Self.aside)
        note(
          .quarantined, shard: number,
          file: "\(folder.quarantine)/\(CacheFolder.shardName(number))\(Self.aside)",
          "another shard has its name")
      } else {
        throw .system("cannot move to", at: own)
      }
    }
  }

  /// The shards that can be put right: what their names say, and what they say.
  private func misplaced() throws(InputError) -> [Int: Int] {
    let numbers = try folder.shardNumbers()
    var own: [Int: Int] = [:]
    for number in numbers {
      guard let shard = try? CacheShard(path: folder.shard(number), in: folder),
        shard.header.shard != number, !own.values.contains(shard.header.shard),
        (try? shard.verifiedHash()) != nil
      else { continue }
      own[number] = shard.header.shard
    }
    // Whose name something has that stays where it is stays as well.
    let there = Set(numbers)
    while let stuck = own.first(where: { there.contains($0.value) && own[$0.value] == nil }) {
      own[stuck.key] = nil
    }
    return own
  }
}
