import Foundation
import Support
import Tensors
import TestSupport
import Testing

/// Pickles written by hand, opcode by opcode, in PyTorch's legacy form.
@Suite struct PickleTests {
  private static let start =
    "\u{80}\u{2}\u{8a}\u{a}\u{6c}\u{fc}\u{9c}\u{46}\u{f9}\u{20}\u{6a}\u{a8}\u{50}\u{19}."
    + "\u{80}\u{2}M\u{e9}\u{3}.\u{80}\u{2}}."
  /// A storage of four floats, "0".
  private static let storage =
    "(X\u{7}\0\0\0storagectorch\nFloatStorage\nX\u{1}\0\0\00X\u{3}\0\0\0cpuK\u{4}NtQ"

  /// Opens a file whose third pickle is `object`, with the storage 1, 2, 3, 4; each character is a byte.
  private func open(
    _ object: String, _ body: (Weights) throws -> Void = { _ in }
  ) throws {
    let keys = object.contains("FloatStorage") ? "]X\u{1}\0\0\00a." : "]."
    let text = Self.start + "\u{80}\u{2}" + object + ".\u{80}\u{2}" + keys
    var bytes = Data(text.unicodeScalars.map { UInt8($0.value) })
    withUnsafeBytes(of: Int64(4)) { bytes.append(contentsOf: $0) }
    [Float(1), 2, 3, 4].withUnsafeBytes { bytes.append(contentsOf: $0) }
    try withTemporaryFolder { folder in
      try bytes.write(to: URL(filePath: "\(folder)/x.pth"))
      try body(try Weights(path: "\(folder)/x.pth"))
    }
  }

  /// A dictionary with one tensor, "a": a view of the storage.
  private func view(first: String = "K\0", shape: String, strides: String) -> String {
    "}X\u{1}\0\0\0actorch._utils\n_rebuild_tensor_v2\n(" + Self.storage + first + shape + strides
      + "\u{89}ccollections\nOrderedDict\n)RtRs"
  }

  /// A pickle of one array, "a", as NumPy makes it: `array` with its arguments or state.
  private func arrays(
    _ array: String, _ body: (Weights) throws -> Void = { _ in }
  ) throws {
    let text = "\u{80}\u{5}}X\u{1}\0\0\0a" + array + "s."
    try withTemporaryFolder { folder in
      try Data(text.unicodeScalars.map { UInt8($0.value) })
        .write(to: URL(filePath: "\(folder)/x.pkl"))
      try body(try Weights(path: "\(folder)/x.pkl"))
    }
  }

  private func type(_ code: String = "i2", order: String = "<") -> String {
    "cnumpy\ndtype\n(X\u{2}\0\0\0\(code)\u{89}\u{88}tR(K\u{3}X\u{1}\0\0\0\(order)NNNJ\u{ff}\u{ff}\u{ff}"
      + "\u{ff}J\u{ff}\u{ff}\u{ff}\u{ff}K\0tb"
  }

  /// [[1, 2, 3], [4, 5, 6]] in int16, row by row.
  private static let bytes = "C\u{c}\u{1}\0\u{2}\0\u{3}\0\u{4}\0\u{5}\0\u{6}\0"
  private static let shape = "K\u{2}K\u{3}\u{86}"

  private func rebuilt(_ type: String, _ shape: String, isColumnMajor: Bool = false) -> String {
    "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\u{85}C\u{1}btR(K\u{1}\(shape)\(type)"
      + "\(isColumnMajor ? "\u{88}" : "\u{89}")\(Self.bytes)tb"
  }

  @Test func arraysOfNumPyAreRead() throws {
    try arrays(rebuilt(type(), Self.shape)) { weights in
      #expect(weights.shape(of: "a") == [2, 3])
      let values = try weights.integers("a")
      #expect(values == [1, 2, 3, 4, 5, 6])
    }
    try arrays(rebuilt(type(), "K\u{3}K\u{2}\u{86}", isColumnMajor: true)) { weights in
      let values = try weights.integers("a")
      #expect(values == [1, 4, 2, 5, 3, 6])
    }
    let ofBytes = "cnumpy._core.numeric\n_frombuffer\n("
    try arrays("\(ofBytes)\(Self.bytes)\(type())\(Self.shape)X\u{1}\0\0\0CtR") { weights in
      let values = try weights.integers("a")
      #expect(values == [1, 2, 3, 4, 5, 6])
    }
  }

  @Test func arraysAreWhatTheySay() throws {
    let minusOne = "J\u{ff}\u{ff}\u{ff}\u{ff}"
    for (array, wanted) in [
      (rebuilt(type(), "K\u{2}K\u{2}\u{86}"), "wrong size (got 12 bytes for shape [2, 2] of I16)"),
      (rebuilt(type("f8"), Self.shape), "wrong size"),
      (rebuilt(type(), "\(minusOne)\(minusOne)\u{86}"), "an array of shape [-1, -1]"),
      (rebuilt(type(order: ">"), Self.shape), "big-endian machine"),
      (rebuilt(type("O8"), Self.shape), "arrays of a type that is not read (got O8)"),
      (rebuilt("N", Self.shape), "an array without shape, dtype, order, bytes"),
      ("cnumpy\nndarray\n)R", "builds an array of its own"),
      ("cnumpy.core.multiarray\n_reconstruct\n)R", "storage '' is missing"),
      ("cnumpy._core.numeric\n_frombuffer\n)R", "an array without bytes, dtype, shape, order"),
      ("cnumpy\ndtype\n)R", "a dtype without a code"),
    ] {
      let error = #expect(throws: InputError.self) { try arrays(array) }
      #expect(error?.description.contains(wanted) == true, "\(error?.description ?? array)")
    }
    // Of a tensor of PyTorch there is no state.
    let tensor = view(shape: "K\u{4}\u{85}", strides: "K\u{1}\u{85}").dropLast()
    #expect(
      refusal(tensor + "(K\u{1}\(Self.shape)\(type())\u{89}\(Self.bytes)tbs").contains("damaged"))
  }

  private func refusal(_ object: String) -> String {
    let error = #expect(throws: InputError.self) { try open(object) }
    return error?.description ?? ""
  }

  @Test func viewsAreWithinTheirStorage() throws {
    try open(view(shape: "K\u{2}K\u{2}\u{86}", strides: "K\u{1}K\u{2}\u{86}")) { weights in
      let values = try weights.tensor("a", shape: [2, 2]).array
      #expect(values == [1, 3, 2, 4])
    }
    // One element is anywhere, whatever its stride.
    let far = "\u{8a}\u{8}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{7f}"
    try open(view(first: "K\u{3}", shape: "K\u{1}\u{85}", strides: "\(far)\u{85}")) { weights in
      let values = try weights.tensor("a").array
      #expect(values == [4])
    }
    let minusOne = "J\u{ff}\u{ff}\u{ff}\u{ff}"
    for (first, shape, strides) in [
      ("K\u{1}", "K\u{2}K\u{2}\u{86}", "K\u{2}K\u{1}\u{86}"),
      ("K\0", "K\u{2}\u{85}", "K\u{4}\u{85}"), ("K\u{4}", "K\u{1}\u{85}", "K\u{1}\u{85}"),
      ("K\0", "K\u{5}\u{85}", "K\0\u{85}"), ("K\0", "K\u{2}\u{85}", "\(far)\u{85}"),
      ("K\0", "\(far)\u{85}", "K\u{1}\u{85}"), ("K\0", "\(far)\(far)\u{86}", "K\0K\0\u{86}"),
      (minusOne, "K\u{1}\u{85}", "K\u{1}\u{85}"), ("K\0", "\(minusOne)\u{85}", "K\u{1}\u{85}"),
      ("K\u{3}", "K\u{2}\u{85}", "\(minusOne)\u{85}"), (far, "K\u{1}\u{85}", "K\u{1}\u{85}"),
      ("K\0", "K\u{1}\u{85}", ")"),
    ] {
      let message = refusal(view(first: first, shape: shape, strides: strides))
      #expect(message.contains("lies outside of its storage"), "\(message)")
    }
  }

  /// The last value of a name counts, and a tensor within itself is not looked for.
  @Test func dictionariesAreFlattened() throws {
    let tensor = String(view(shape: "K\u{4}\u{85}", strides: "K\u{1}\u{85}").dropFirst())
    try open("}q\u{1}(X\u{1}\0\0\0bNX\u{1}\0\0\0cK\u{1}u}" + tensor + "\u{86}0h\u{1}" + tensor) {
      #expect($0.names == ["a"])
    }
    #expect(refusal("}q\u{1}X\u{1}\0\0\0ah\u{1}s").contains("too many or too deep"))
  }

  /// An OrderedDict of Python 2: called with a list of pairs.
  @Test func python2() throws {
    let pair =
      view(shape: "K\u{4}\u{85}", strides: "K\u{1}\u{85}").dropFirst().dropLast() + "\u{86}"
    try open("ccollections\nOrderedDict\n](\(pair)e\u{85}R") { #expect($0.names == ["a"]) }
  }

  @Test(arguments: [
    "", "0", "1", "2", "a", "e", "s", "u", "t", "\u{85}", "R", "b", "Q", "h\u{1}", "q\u{1}",
    "(1a", "]K\u{1}K\u{1}s", "}K\u{1}a", "}(K\u{1}u", "(h", "N)R", "K\u{1}Q", "cx\n", "cx",
    "\u{93}", "NN\u{93}", "\u{80}\u{1}N", "\u{80}\u{6}N", "I1\n", "X\u{ff}\u{ff}\u{ff}\u{ff}",
    "\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}", "X\u{1}\0\0\0\u{ff}",
    "\u{8b}\u{ff}\u{ff}\u{ff}\u{ff}", "T\u{ff}\u{ff}\u{ff}\u{ff}", "ctorch\nSize\n)R",
    "ctorch\nFloatStorage\n)R", "ccollections\nOrderedDict\nK\u{1}\u{85}R", "]}b",
  ])
  func nonsenseIsRefused(_ object: String) { _ = refusal(object) }

  /// A hundred thousand tuples in tuples, and thirty dictionaries that each hold the next twice.
  @Test func nestingCostsNothing() {
    #expect(refusal("N" + String(repeating: "\u{85}", count: 100_000)).contains("no tensors"))
    // One list of pairs for a hundred thousand dictionaries, one shape for as many tensors.
    let pairs =
      "](K\u{1}K\u{1}\u{86}q\u{1}" + String(repeating: "h\u{1}", count: 100_000) + "e\u{85}q\0"
    let call = "ccollections\nOrderedDict\nh\0R0"
    #expect(refusal(pairs + String(repeating: call, count: 100_000) + "N").contains("no tensors"))
    let axes = "(" + String(repeating: "K\u{1}", count: 65) + "t"
    #expect(refusal(view(shape: axes, strides: axes)).contains("a tensor without"))
    var doubled = "}q\0"
    for _ in 0..<30 { doubled += "}(X\u{1}\0\0\0ah\0X\u{1}\0\0\0bh\0uq\0" }
    #expect(refusal(doubled).contains("too many or too deep"))
  }

  @Test func namesInMessagesAreTamed() {
    let message = refusal("c\u{1b}[31mos\n" + String(repeating: "x", count: 1000) + "\n")
    #expect(message.contains("asks for ?[31mos.xxx") && message.count < 400)
  }
}
