import Foundation
import Support

/// Reads a pickle of protocols 2 to 5 that is made of tensors, containers, texts and numbers.
///
/// Nothing is ever called: the few functions that PyTorch uses are known by name, and a pickle that
/// asks for any other is refused by that name.
/// Source: Python's Lib/pickletools.py, which documents the opcodes.
struct Unpickler {
  private(set) var reader: ByteReader
  var pickle = Pickle()
  var stack: [PickleValue] = []
  /// Heights of the stack at which a group of values begins.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]

  /// Reads one pickle, and leaves `reader` behind it.
  ///
  /// - Throws: `InputError` for a damaged pickle, and naming what it asks for beyond tensors.
  static func read(_ reader: inout ByteReader) throws(InputError) -> Pickle {
    var unpickler = Unpickler(reader: reader)
    while try unpickler.step() {}
    reader = unpickler.reader
    return unpickler.pickle
  }

  private init(reader: ByteReader) { self.reader = reader }

  func bad(_ what: String, _ got: String? = nil) -> InputError {
    InputError(.badData, what, at: reader.path, got: got)
  }

  mutating func pop() throws(InputError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw bad("the pickle is damaged", "a value that was never pushed")
    }
    return value
  }

  /// The values since the last mark.
  private mutating func popGroup() throws(InputError) -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw bad("the pickle is damaged", "a group that was never begun")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func pop(_ count: Int) throws(InputError) -> [PickleValue] {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    return values.reversed()
  }

  mutating func push(sequence values: [PickleValue]) {
    stack.append(.sequence(pickle.sequences.count))
    pickle.sequences.append(values)
  }

  mutating func pushDictionary() {
    stack.append(.dictionary(pickle.dictionaries.count))
    pickle.dictionaries.append([])
  }

  /// Reads one opcode; false at the pickle's end.
  private mutating func step() throws(InputError) -> Bool {
    let code = try reader.integer(UInt8.self)
    switch code {
    case 0x80:  // PROTO
      let version = try reader.integer(UInt8.self)
      guard 2...5 ~= version else { throw bad("pickle protocol \(version) is not one of 2 to 5") }
    case 0x95: _ = try reader.take(8)  // FRAME
    case UInt8(ascii: "."):  // STOP
      pickle.root = try pop()
      return false
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop()  // POP
    case UInt8(ascii: "1"): _ = try popGroup()  // POP_MARK
    case UInt8(ascii: "2"):  // DUP
      let value = try pop()
      stack += [value, value]
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.boolean(true))
    case 0x89: stack.append(.boolean(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try reader.integer(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try reader.integer(UInt8.self))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try reader.integer(UInt16.self))))
    case 0x8a: try pushLong(Int(try reader.integer(UInt8.self)))
    case 0x8b: try pushLong(Int(try reader.integer(Int32.self)))
    case UInt8(ascii: "G"):  // BINFLOAT, the one big-endian number
      stack.append(.real(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))
    case 0x8c, UInt8(ascii: "U"):  // SHORT_BINUNICODE; Python 2's SHORT_BINSTRING
      stack.append(.text(try reader.text(Int(try reader.integer(UInt8.self)))))
    case UInt8(ascii: "X"):  // BINUNICODE
      stack.append(.text(try reader.text(Int(try reader.integer(UInt32.self)))))
    case UInt8(ascii: "T"):  // Python 2's BINSTRING
      stack.append(.text(try reader.text(Int(try reader.integer(Int32.self)))))
    case 0x8d: stack.append(.text(try reader.text(try length())))
    case UInt8(ascii: "C"):  // SHORT_BINBYTES
      stack.append(.bytes(try reader.take(Int(try reader.integer(UInt8.self)))))
    case UInt8(ascii: "B"):  // BINBYTES
      stack.append(.bytes(try reader.take(Int(try reader.integer(UInt32.self)))))
    case 0x8e, 0x96: stack.append(.bytes(try reader.take(try length())))  // BINBYTES8, BYTEARRAY8
    case UInt8(ascii: "]"), UInt8(ascii: ")"): push(sequence: [])
    case UInt8(ascii: "l"), UInt8(ascii: "t"): push(sequence: try popGroup())
    case 0x85: push(sequence: try pop(1))
    case 0x86: push(sequence: try pop(2))
    case 0x87: push(sequence: try pop(3))
    case UInt8(ascii: "a"): try append([try pop()])
    case UInt8(ascii: "e"): try append(try popGroup())
    case UInt8(ascii: "}"): pushDictionary()
    case UInt8(ascii: "d"):  // DICT
      let items = try popGroup()
      pushDictionary()
      try setItems(items)
    case UInt8(ascii: "s"): try setItems(try pop(2))
    case UInt8(ascii: "u"): try setItems(try popGroup())
    case UInt8(ascii: "q"): memo[Int(try reader.integer(UInt8.self))] = try top()
    case UInt8(ascii: "r"): memo[Int(try reader.integer(UInt32.self))] = try top()
    case 0x94: memo[memo.count] = try top()  // MEMOIZE
    case UInt8(ascii: "h"): try recall(Int(try reader.integer(UInt8.self)))
    case UInt8(ascii: "j"): try recall(Int(try reader.integer(UInt32.self)))
    case UInt8(ascii: "c"): try pushCallable(try reader.line(), try reader.line())
    case 0x93:  // STACK_GLOBAL
      guard case (.text(let name), .text(let module)) = (try pop(), try pop()) else {
        throw bad("the pickle is damaged", "a name that is no text")
      }
      try pushCallable(module, name)
    case UInt8(ascii: "Q"): try pushStorage(try pop())  // BINPERSID
    case UInt8(ascii: "R"):  // REDUCE
      let arguments = try pop()
      try call(try pop(), arguments)
    case UInt8(ascii: "b"):  // BUILD
      let state = try pop()
      switch try top() {
      case .dictionary: break  // a state dictionary's versions, of no use here
      case .elementType: try checkByteOrder(state)
      case .tensor(let number): try build(array: number, state)
      default: throw bad("the pickle sets the state of an object; only tensors are read")
      }
    default:
      let hex = String(code, radix: 16)
      throw bad("the pickle does something unknown; only tensors are read", "opcode 0x\(hex)")
    }
    return true
  }

  private mutating func length() throws(InputError) -> Int {
    Int(clamping: try reader.integer(UInt64.self))
  }

  /// A little-endian integer of any size.
  private mutating func pushLong(_ size: Int) throws(InputError) {
    let range = try reader.take(size)
    guard size <= 8 else { return stack.append(.bytes(range)) }
    let data = reader.bytes.subdata(in: range)
    let sign: UInt64 = data.last ?? 0 >= 0x80 ? .max : 0
    let bits = data.reversed().reduce(sign) { $0 << 8 | UInt64($1) }
    stack.append(.integer(Int(bitPattern: UInt(bits))))
  }

  private func top() throws(InputError) -> PickleValue {
    guard stack.count > marks.last ?? 0 else {
      throw bad("the pickle is damaged", "a value that was never pushed")
    }
    return stack[stack.count - 1]
  }

  private mutating func recall(_ number: Int) throws(InputError) {
    guard let value = memo[number] else {
      throw bad("the pickle is damaged", "a value that was never kept")
    }
    stack.append(value)
  }

  private mutating func append(_ values: [PickleValue]) throws(InputError) {
    guard case .sequence(let number) = try top() else {
      throw bad("the pickle is damaged", "values for what is no list")
    }
    pickle.sequences[number] += values
  }

  /// Keys and values in turn, for the dictionary on the stack.
  private mutating func setItems(_ items: [PickleValue]) throws(InputError) {
    guard case .dictionary(let number) = try top(), items.count.isMultiple(of: 2) else {
      throw bad("the pickle is damaged", "items for what is no dictionary")
    }
    for i in stride(from: 0, to: items.count, by: 2) {
      pickle.dictionaries[number].append((items[i], items[i + 1]))
    }
  }
}
