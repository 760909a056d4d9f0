import Foundation

/// The running kernel: which machine this is, since when.
package enum Kernel {
  /// Names this boot of this machine, the same in all of its containers: the first eight digits of the
  /// kernel's boot id; empty where there is none.
  package static let boot: String = {
    let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    return String((text ?? "").prefix(8))
  }()
}
