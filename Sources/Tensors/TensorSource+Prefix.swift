public import Support

/// The part of a checkpoint whose names begin alike.
public struct TensorsUnder<Source: TensorSource>: TensorSource {
  let source: Source
  let prefix: String

  public func tensor(_ name: String, shape: [Int]?) throws(InputError) -> Tensor {
    try source.tensor(prefix + name, shape: shape)
  }
}

extension TensorSource {
  /// The tensors whose names begin with `prefix`, asked for without it.
  public func under(_ prefix: String) -> TensorsUnder<Self> {
    TensorsUnder(source: self, prefix: prefix)
  }
}
