import CKernels

/// Attention of a frozen network, each token looking at all of its sequence; on the calling thread.
///
/// Shape letters: B sequences, T tokens, Q tokens that ask, H width.
///
/// - Parameters:
///   - queries: B Q rows, of which the H columns from the first are the queries, already divided by
///     the square root of a head's width
///   - keys: B T rows, of which the last 2 H columns are keys and values; may be the same rows
///   - sequences: B
///   - heads: how many heads share the H columns evenly
/// - Returns: B Q rows of H columns.
package func attention(
  _ queries: FrozenRows, _ keys: FrozenRows, width: Int, sequences: Int, heads: Int
) -> FrozenRows {
  let (asked, tokens) = (queries.count / sequences, keys.count / sequences)
  let (head, bytes) = (width / heads, queries.precision.stride)
  precondition(queries.width >= width && keys.width >= 2 * width && width == head * heads)
  precondition(keys.precision == queries.precision)
  var shape = vild_attention(
    tokens: tokens, queries: asked, head_width: head, query_stride: queries.width,
    key_stride: keys.width, out_stride: width, bfloat: queries.precision == .bfloat16 ? 1 : 0)
  let scratch = Buffer(count: vild_attention_scratch(&shape))
  return FrozenRows(queries.count, width: width, queries.precision) { out in
    queries.reading { q in
      keys.reading { k in
        for sequence in 0..<sequences {
          let q = q + sequence * asked * queries.width * bytes
          let k = k + (sequence * tokens * keys.width + keys.width - 2 * width) * bytes
          let out = out + sequence * asked * width * bytes
          for first in stride(from: 0, to: width * bytes, by: head * bytes) {
            vild_attention_forward(
              &shape, q + first, k + first, k + width * bytes + first, out + first, scratch.base)
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
  }
}
