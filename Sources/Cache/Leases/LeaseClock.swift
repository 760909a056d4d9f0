internal import Glibc
internal import Support

/// What a process times other processes' silence by: its own monotonic clock, of which no other
/// process ever hears, as containers may each have another; and the boot.
///
/// Setting the wall clock moves no lease. After a reboot all leases of the boot before are void: a
/// local disk is in the hands of one running kernel.
package struct LeaseClock: Sendable {
  /// Names the boot: the first eight digits of the kernel's boot id; empty where there is none.
  package var boot: String
  /// Seconds since some moment; never goes back.
  package var now: @Sendable () -> Double

  /// - Parameter now: seconds.
  package init(boot: String, now: @escaping @Sendable () -> Double) {
    self.boot = boot
    self.now = now
  }

  /// No holder may ask for more; a lease that claims to last longer is void.
  static let longestLease: Double = 86_400

  /// The kernel's.
  package static let system = LeaseClock(boot: Kernel.boot) {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
