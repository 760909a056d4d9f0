/// What a pickle may hold. Containers stand in the `Pickle` and are named by number: a hostile pickle
/// can nest them a million deep or put one into itself, and that must cost nothing.
enum PickleValue: Sendable {
  case none
  case boolean(Bool)
  case integer(Int)
  case real(Double)
  case text(String)
  /// Where they stand in the file; also an integer of more than 64 bits.
  case bytes(Range<Int>)
  /// A list or a tuple.
  case sequence(Int)
  case dictionary(Int)
  case callable(PickleCallable)
  /// NumPy's dtype.
  case elementType(StoredType)
  case storage(PickledStorage)
  case tensor(Int)
}

/// The functions and classes that a pickle may ask for.
enum PickleCallable: Sendable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case size
  case storage(StoredType)
  /// numpy.ndarray, numpy.dtype, and the functions that arrays are made with.
  case array, arrayType, newArray, arrayOfBytes

  /// nil for all others: they are never called, whatever they are.
  init?(_ name: String) {
    switch name {
    case "collections.OrderedDict": self = .orderedDictionary
    case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2": self = .rebuildTensor
    case "torch._utils._rebuild_parameter": self = .rebuildParameter
    case "torch.Size": self = .size
    case "torch.DoubleStorage": self = .storage(.float64)
    case "torch.FloatStorage": self = .storage(.float32)
    case "torch.HalfStorage": self = .storage(.float16)
    case "torch.BFloat16Storage": self = .storage(.bfloat16)
    case "torch.LongStorage": self = .storage(.int64)
    case "torch.IntStorage": self = .storage(.int32)
    case "torch.ShortStorage": self = .storage(.int16)
    case "torch.CharStorage": self = .storage(.int8)
    case "torch.ByteStorage": self = .storage(.uint8)
    case "torch.BoolStorage": self = .storage(.bool)
    case "numpy.ndarray": self = .array
    case "numpy.dtype": self = .arrayType
    case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct":
      self = .newArray
    case "numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer": self = .arrayOfBytes
    default: return nil
    }
  }
}

/// Elements of a file that tensors are views of.
struct PickledStorage: Sendable {
  /// Which of the file's storages.
  var key: String
  /// Its bytes, where they stand in the pickle itself, as a NumPy array's do.
  var place: Range<Int>?
  var type: StoredType
  /// Its first element, and how many there are.
  var first = 0
  var count: Int
}

/// A view of a storage, not checked yet.
struct PickledTensor: Sendable {
  var storage: PickledStorage
  var first: Int
  var shape: [Int]
  var strides: [Int]
}

/// A value read from a pickle, with all containers and tensors it may name.
struct Pickle: Sendable {
  var root = PickleValue.none
  var sequences: [[PickleValue]] = []
  var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var tensors: [PickledTensor] = []
  /// All storages that were named, by key.
  var storages: [String: PickledStorage] = [:]

  /// The values of a list or a tuple.
  func values(_ value: PickleValue) -> [PickleValue]? {
    if case .sequence(let number) = value { sequences[number] } else { nil }
  }

  /// The integers of a shape: a list or a tuple of nothing else, of at most 64.
  func integers(_ value: PickleValue) -> [Int]? {
    guard let values = values(value), values.count <= StoredTensor.mostAxes else { return nil }
    let integers = values.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
    return integers.count == values.count ? integers : nil
  }

  /// The last value of a text key in a dictionary.
  func value(of key: String, in dictionary: Int) -> PickleValue? {
    let entry = dictionaries[dictionary].last {
      if case .text(key) = $0.key { true } else { false }
    }
    return entry?.value
  }
}
