public import Support
public import Tensors

/// A text encoder with its tokenizer.
public protocol TextTower: Sendable {
  /// D
  var width: Int { get }

  /// The most tokens of a text.
  var limit: Int { get }

  /// The tokens of a text, as many as there are.
  func tokens(of text: String) -> [Int]

  /// - Parameter texts: N token lists, each of 1 to `limit` tokens, all of one length.
  /// - Returns: [N, D], not normalised
  func embed(tokens texts: [[Int]]) -> Tensor
}

extension TextTower {
  /// Embeddings of names: unit(mean over templates of unit(embedding of the prompt)).
  ///
  /// A name has the same bits whatever the names beside it and the number of cores. Names with the
  /// same prompts are encoded once. Memory grows with the number of names.
  /// - Returns: [C, D], unit rows
  /// - Throws: `InputError` (`badData`) naming a category with a prompt of more than `limit` tokens,
  ///   or of which the tower says nothing finite.
  public func embed(names: [String], with templates: PromptTemplates) throws(InputError) -> Tensor {
    // The prompts of a name, templates in order.
    var prompts: [[[Int]]] = []
    var numbers: [[[Int]]: Int] = [:]
    var rows: [Int] = []
    for name in names {
      var own: [[Int]] = []
      for prompt in templates.prompts(for: name) { own.append(try tokens(of: prompt, for: name)) }
      let number = numbers[own, default: prompts.count]
      if number == prompts.count {
        numbers[own] = number
        prompts.append(own)
      }
      rows.append(number)
    }
    let embeddings = encode(prompts).rows(rows)
    if let (row, norm) = embeddings.rowThatIsNoUnit() {
      throw InputError(
        .badData,
        "the text tower's embedding of category '\(names[row].prefix(60))' is no unit vector",
        expected: "norm 1", got: "norm \(norm)",
        hint: "'vild teacher check' compares the teacher with its original")
    }
    return embeddings
  }

  /// Finds a name that is too long before hours are spent on others.
  ///
  /// - Throws: what `embed(names:with:)` throws.
  func check(names: [String], with templates: PromptTemplates) throws(InputError) {
    for name in names {
      // A token is at least a byte, but for a start and an end. What a tokenizer adds against this
      // rule is found when the name is embedded.
      for prompt in templates.prompts(for: name) where prompt.utf8.count + 2 > limit {
        _ = try tokens(of: prompt, for: name)
      }
    }
  }

  private func tokens(of prompt: String, for name: String) throws(InputError) -> [Int] {
    let tokens = tokens(of: prompt)
    guard tokens.count <= limit else {
      throw InputError(
        .badData, "category '\(name.prefix(60))' is too long for the text tower",
        expected: "at most \(limit) tokens in a prompt", got: "\(tokens.count)")
    }
    return tokens
  }

  /// The unit mean of the unit embeddings of each group of texts: [groups, D].
  ///
  /// Matrix products round by their sizes and by how they are split: a group is encoded alone, by
  /// one worker.
  private func encode(_ groups: [[[Int]]]) -> Tensor {
    Tensor([groups.count, width]) { out in
      // Safe: every group writes a row of its own.
      nonisolated(unsafe) let out = out
      Parallel.items(groups.count) { number in
        let mean = Parallel.asOneWorker { unitMean(of: groups[number]) }
        mean.withElements { copyRow(0, of: $0, to: number, of: out, width) }
      }
    }
  }

  /// Of texts of any lengths, each different one encoded once: [1, D].
  private func unitMean(of texts: [[Int]]) -> Tensor {
    var different: [[Int]] = []
    var numbers: [[Int]: Int] = [:]
    for text in texts where numbers[text] == nil {
      numbers[text] = different.count
      different.append(text)
    }
    let ofOneLength = Dictionary(grouping: different.indices) { different[$0].count }
    let batches = ofOneLength.sorted { $0.key > $1.key }.flatMap { $0.value.chunks(of: 32) }
    let units = Tensor([different.count, width]) { out in
      for batch in batches {
        let rows = l2Normalize(Variable(embed(tokens: batch.map { different[$0] }))).value
        rows.withElements { rows in
          for (row, text) in batch.enumerated() { copyRow(row, of: rows, to: text, of: out, width) }
        }
      }
    }
    return unitSums(of: units, texts.map { numbers[$0]! }, each: texts.count)
  }
}

/// Sums of rows of `x`, normalised: row i of the result is made of `rows[i * each..<(i + 1) * each]`.
func unitSums(of x: Tensor, _ rows: [Int], each: Int) -> Tensor {
  let width = x.shape[1]
  let sums = Tensor([rows.count / each, width]) { out in
    out.initialize(repeating: 0)
    x.withElements { x in
      for (i, row) in rows.enumerated() {
        for d in 0..<width { out[i / each * width + d] += x[row * width + d] }
      }
    }
  }
  return l2Normalize(Variable(sums)).value
}

/// Row `from` of a matrix becomes row `to` of another of the same width.
func copyRow(
  _ from: Int, of x: UnsafeBufferPointer<Float>, to: Int, of y: UnsafeMutableBufferPointer<Float>,
  _ width: Int
) {
  for d in 0..<width { y[to * width + d] = x[from * width + d] }
}

extension Tensor {
  /// Rows of a matrix by their numbers.
  fileprivate func rows(_ numbers: [Int]) -> Tensor {
    let width = shape[1]
    return Tensor([numbers.count, width]) { out in
      withElements { x in
        for (row, from) in numbers.enumerated() { copyRow(from, of: x, to: row, of: out, width) }
      }
    }
  }

  /// The first row of a matrix that is not of length 1, and its length, which may be no number; nil
  /// where all rows are.
  func rowThatIsNoUnit() -> (row: Int, norm: Float)? {
    let width = shape[1]
    return withElements { x in
      for row in 0..<shape[0] {
        let norm = x[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }.squareRoot()
        // Not what NaN would pass.
        if !(abs(norm - 1) < 5e-4) { return (row, norm) }
      }
      return nil
    }
  }
}
