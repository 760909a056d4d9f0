/// A value that may have a short form.
protocol Shortened: Sendable {
  init(short: Int32)
  /// From which `init` makes the same value, bit by bit; nil where there is none.
  var short: Int32? { get }
}

extension Int: Shortened {
  init(short: Int32) { self = Int(short) }
  var short: Int32? { Int32(exactly: self) }
}

/// Whole hundredths are short: COCO and LVIS write boxes with two decimals.
extension Double: Shortened {
  init(short: Int32) { self = Double(short) / 100 }

  var short: Int32? {
    guard let hundredths = Int32(exactly: (self * 100).rounded()),
      Double(short: hundredths).bitPattern == bitPattern
    else { return nil }
    return hundredths
  }
}

/// Values in their order, in four bytes each for as long as all of them have a short form, and exact
/// always.
struct Column<Value: Shortened>: Sendable {
  private var short: [Int32] = []
  /// All values, once one has no short form.
  private var long: [Value] = []

  var count: Int { short.count + long.count }

  subscript(index: Int) -> Value {
    long.isEmpty ? Value(short: short[index]) : long[index]
  }

  mutating func append(_ value: Value) {
    if long.isEmpty {
      if let value = value.short { return short.append(value) }
      long = short.map(Value.init(short:))
      short = []
    }
    long.append(value)
  }
}

/// The same of values that may be missing, where none is negative; it takes no room while all are.
struct SparseColumn<Value: Shortened & SignedNumeric & Comparable>: Sendable {
  /// -1 for what is missing; empty while all are.
  private var column = Column<Value>()
  private var count = 0

  subscript(index: Int) -> Value? {
    if column.count == 0 { return nil }
    let value = column[index]
    return value < 0 ? nil : value
  }

  mutating func append(_ value: Value?) {
    if value != nil && column.count == 0 {
      for _ in 0..<count { column.append(-1) }
    }
    count += 1
    if column.count > 0 || value != nil { column.append(value ?? -1) }
  }
}
