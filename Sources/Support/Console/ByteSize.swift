import Foundation

/// Numbers of bytes for people.
package enum ByteSize {
  /// With the unit that makes the number short: "31.2 GB".
  package static func text(_ bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 999.5 && unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return String(format: unit == 0 || value >= 99.95 ? "%.0f" : "%.1f", value) + " \(units[unit])"
  }
}
