import BenchmarkKernels
import Foundation
import Support
import Tensors

/// oneDNN's int8 products on the sizes of ViT-B/32, 32 images at a time, beside bfloat16's.
extension Benchmark {
  private static let sizes = [
    ("queries, keys, values", 768, 2304), ("attention's output", 768, 768),
    ("feed-forward, out", 768, 3072), ("feed-forward, back", 3072, 768),
  ]

  /// Prints a table of milliseconds on this thread, the best of ten: our bfloat16 kernel's, oneDNN's of both
  /// precisions, and what it takes to quantise the rows.
  static func int8Products() throws {
    try Precision.bfloat16.requireAvailable()
    let rows = 1600
    print(
      "| product of \(rows) rows | bfloat16, ours | bfloat16, oneDNN | int8, oneDNN | rows to int8 | ours / int8 |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for (name, inputs, outputs) in sizes {
      func oneDNN(_ kind: vild_product) throws(InputError) -> Double {
        guard let product = vild_product_create(kind, rows, inputs, outputs) else {
          throw InputError(
            .configuration, "no oneDNN 2 that multiplies int8", hint: "build with --traits OneDNN")
        }
        defer { vild_product_destroy(product) }
        return best { precondition(vild_product_run(product) != 0, "oneDNN failed") }
      }
      let layer = FrozenLinear(
        weight: Tensor(zeros: [inputs, outputs]), bias: nil, precision: .bfloat16, rows: rows,
        hasTiles: false)
      let plain = Tensor(zeros: [rows, inputs])
      let x = FrozenRows(plain, .bfloat16)
      let ours = best { _ = layer(x) }
      var (levels, scales) = (
        [Int8](repeating: 0, count: rows * inputs), [Float](repeating: 0, count: rows)
      )
      let quantising = plain.withElements { x in
        best { vild_quantise_rows(&levels, &scales, x.baseAddress!, rows, inputs) }
      }
      let int8 = try min(oneDNN(VILD_S8S8), oneDNN(VILD_U8S8))
      let figures = [ours, try oneDNN(VILD_BF16), int8, quantising].map {
        String(format: "%.2f", $0 * 1e3)
      }
      print(
        "| \(name), \(inputs) x \(outputs) | \(figures.joined(separator: " | ")) | "
          + String(format: "%.2f |", ours / (int8 + quantising)))
    }
  }

  /// Seconds.
  private static func best(_ body: () -> Void) -> Double {
    (0..<10).map { _ in
      let start = now
      body()
      return now - start
    }.min()!
  }
}
