import Support

/// NumPy's arrays, of which the checkpoints that detectron2 publishes are made: their bytes stand in the
/// pickle itself.
///
/// Source: numpy/_core/numeric.py and multiarray's `__reduce__`, pickle protocols 3 to 5.
extension Unpickler {
  /// What `dtype("f4", ...)` gives.
  mutating func pushArrayType(_ arguments: [PickleValue]) throws(InputError) {
    guard case .text(let code)? = arguments.first else {
      throw bad("the pickle is damaged", "a dtype without a code")
    }
    guard let type = StoredType(numPy: code) else {
      throw bad("the pickle has arrays of a type that is not read", shown(code))
    }
    stack.append(.elementType(type))
  }

  /// An array that its state is given to later.
  mutating func pushNewArray() {
    stack.append(.tensor(pickle.tensors.count))
    pickle.tensors.append(
      PickledTensor(
        storage: PickledStorage(key: "", type: .uint8, count: 0), first: 0, shape: [0],
        strides: [1]))
  }

  /// What `_frombuffer(bytes, dtype, shape, order)` gives.
  mutating func pushArray(_ arguments: [PickleValue]) throws(InputError) {
    guard arguments.count == 4, case .bytes(let bytes) = arguments[0],
      case .elementType(let type) = arguments[1], let shape = pickle.integers(arguments[2]),
      case .text(let order) = arguments[3]
    else { throw bad("the pickle is damaged", "an array without bytes, dtype, shape, order") }
    pushNewArray()
    try set(pickle.tensors.count - 1, type, shape, isColumnMajor: order == "F", bytes)
  }

  /// Of a dtype: (version, byte order, ...).
  func checkByteOrder(_ state: PickleValue) throws(InputError) {
    guard let state = pickle.values(state), state.count > 1, case .text(let order) = state[1] else {
      throw bad("the pickle is damaged", "a dtype without a byte order")
    }
    guard order != ">" else { throw bad("the file comes from a big-endian machine") }
  }

  /// Of an array: (version, shape, dtype, whether it is column-major, bytes).
  mutating func build(array number: Int, _ state: PickleValue) throws(InputError) {
    guard let state = pickle.values(state), state.count == 5,
      let shape = pickle.integers(state[1]), case .elementType(let type) = state[2],
      case .boolean(let isColumnMajor) = state[3], case .bytes(let bytes) = state[4],
      pickle.tensors[number].storage.key.isEmpty
    else { throw bad("the pickle is damaged", "an array without shape, dtype, order, bytes") }
    try set(number, type, shape, isColumnMajor: isColumnMajor, bytes)
  }

  private mutating func set(
    _ number: Int, _ type: StoredType, _ shape: [Int], isColumnMajor: Bool, _ bytes: Range<Int>
  ) throws(InputError) {
    var strides = Array(repeating: 1, count: shape.count)
    var step = 1
    for axis in isColumnMajor ? Array(shape.indices) : shape.indices.reversed() {
      strides[axis] = step
      let (next, overflow) = step.multipliedReportingOverflow(by: max(0, shape[axis]))
      guard !overflow, shape[axis] >= 0 else {
        throw bad("the pickle is damaged", "an array of shape \(shape)")
      }
      step = next
    }
    guard step.multipliedReportingOverflow(by: type.size) == (bytes.count, false) else {
      throw bad(
        "an array of the pickle has the wrong size",
        "\(bytes.count.counted("byte")) for shape \(shape) of \(type.rawValue)")
    }
    pickle.tensors[number] = PickledTensor(
      storage: PickledStorage(key: "", place: bytes, type: type, count: step), first: 0,
      shape: shape, strides: strides)
  }
}

extension StoredType {
  /// By NumPy's code: kind and bytes.
  fileprivate init?(numPy code: String) {
    switch code {
    case "f8": self = .float64
    case "f4": self = .float32
    case "f2": self = .float16
    case "i8": self = .int64
    case "i4": self = .int32
    case "i2": self = .int16
    case "i1": self = .int8
    case "u1": self = .uint8
    case "b1": self = .bool
    default: return nil
    }
  }
}
