import CKernels

/// Columns of rows that attention reads: those of all heads, from the first one on.
package struct FrozenColumns {
  let rows: FrozenRows
  let first: Int

  package init(_ rows: FrozenRows, from first: Int = 0) { (self.rows, self.first) = (rows, first) }
}

/// Attention of a frozen network, each query looking at all of its sequence; on the calling thread.
///
/// Shape letters: B sequences, T tokens, Q queries of a sequence, W width of a head.
///
/// - Parameters:
///   - queries: B Q rows, already divided by the square root of the head's width
///   - keys: B T rows
///   - values: B T rows as wide as those of the keys
///   - heads: how many heads there are, in columns beside one another
///   - width: W
/// - Returns: B Q rows of all heads' columns.
package func attention(
  _ queries: FrozenColumns, _ keys: FrozenColumns, _ values: FrozenColumns, sequences: Int,
  heads: Int, width: Int
) -> FrozenRows {
  let (asked, tokens) = (queries.rows.count / sequences, keys.rows.count / sequences)
  let (precision, all) = (queries.rows.precision, heads * width)
  for part in [queries, keys, values] {
    precondition(part.first + all <= part.rows.width && part.rows.precision == precision)
  }
  precondition(keys.rows.width == values.rows.width && keys.rows.count == values.rows.count)
  var shape = vild_attention(
    tokens: tokens, queries: asked, head_width: width, query_stride: queries.rows.width,
    key_stride: keys.rows.width, out_stride: all, bfloat: precision == .bfloat16 ? 1 : 0)
  let scratch = Buffer(count: vild_attention_scratch(&shape))
  return FrozenRows(queries.rows.count, width: all, precision) { out in
    queries.reading(asked, head: width) { q in
      keys.reading(tokens, head: width) { k in
        values.reading(tokens, head: width) { v in
          let bytes = precision.stride
          for sequence in 0..<sequences {
            for head in 0..<heads {
              vild_attention_forward(
                &shape, q(sequence, head), k(sequence, head), v(sequence, head),
                out + (sequence * asked * all + head * width) * bytes, scratch.base)
            }
          }
        }
      }
    }
    withExtendedLifetime(scratch) {}
  }
}

extension FrozenColumns {
  /// Where each sequence of `count` rows has each head.
  fileprivate func reading(
    _ count: Int, head width: Int, _ body: ((Int, Int) -> UnsafeRawPointer) -> Void
  ) {
    rows.reading { start in
      body { sequence, head in
        start + (sequence * count * rows.width + first + head * width) * rows.precision.stride
      }
    }
  }
}
