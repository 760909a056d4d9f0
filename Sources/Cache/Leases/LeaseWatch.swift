internal import Synchronization

/// What a process has seen of the leases of others: how long ago each last gave a sign of life.
///
/// A lease is silent from when it was first seen as it is now, by the clock of whoever watches; a
/// watcher that has just begun waits for as long as any other.
final class LeaseWatch: Sendable {
  /// A lease as the catalogue has it.
  struct Lease {
    var unit: Int
    /// The name of an `Owner`.
    var owner: String
    /// For how many seconds the owner may give no sign of life.
    var silence: Double
    /// Changes with the holder.
    var token: Int
    /// Changes with every sign of life.
    var beat: Int
  }

  private struct Sighting {
    var token: Int
    var beat: Int
    var since: Double
  }

  private let sightings = Mutex<[Int: Sighting]>([:])

  /// The units among `leases`, which are all there are, whose holders are gone, silent for too long,
  /// or claim what no lease may.
  func void(_ leases: [Lease], _ clock: LeaseClock) -> [Int] {
    let now = clock.now()
    return sightings.withLock { known in
      var seen: [Int: Sighting] = [:]
      var void: [Int] = []
      for lease in leases {
        var sighting = Sighting(token: lease.token, beat: lease.beat, since: now)
        if let before = known[lease.unit], (before.token, before.beat) == (lease.token, lease.beat)
        {
          sighting.since = before.since
        }
        seen[lease.unit] = sighting
        if Owner(name: lease.owner)?.isGone(on: clock) == true
          || now - sighting.since >= lease.silence || lease.silence > LeaseClock.longestLease
        {
          void.append(lease.unit)
        }
      }
      known = seen
      return void
    }
  }
}
