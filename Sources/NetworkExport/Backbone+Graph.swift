package import Networks
package import ONNX
import Tensors

/// A backbone that can be written as nodes.
package protocol GraphBackbone {
  /// [1, 3, H, W] to maps at strides 4, 8, 16 and 32.
  func features(_ x: GraphValue) -> [GraphValue]
}

extension ResNet: GraphBackbone {
  package func features(_ x: GraphValue) -> [GraphValue] {
    var map = x.graph(
      "MaxPool", stem(x),
      with: ["kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]])
    return stages.map { blocks in
      map = blocks.reduce(map) { $1($0) }
      return map
    }
  }
}

extension ResNet.Block {
  fileprivate func callAsFunction(_ x: GraphValue) -> GraphValue {
    let inner = convolutions.dropLast().reduce(x) { $1($0) }
    return convolutions.last!(inner, adding: shortcut.map { $0(x) } ?? x).activated(.relu)
  }
}

extension EfficientNet: GraphBackbone {
  package func features(_ x: GraphValue) -> [GraphValue] {
    var maps: [GraphValue] = []
    var last = stem(x)
    for block in blocks {
      if block.depthwise.stride == 2 { maps.append(last) }
      last = block(last)
    }
    // The first of them has stride 2.
    return maps.dropFirst() + [last]
  }
}

extension EfficientNet.Block {
  func callAsFunction(_ x: GraphValue) -> GraphValue {
    let inner = depthwise(expand.map { $0(x) } ?? x)
    return project(excitation.map { $0(inner) } ?? inner, adding: hasSkip ? x : nil)
  }
}

extension SqueezeExcitation {
  fileprivate func callAsFunction(_ x: GraphValue) -> GraphValue {
    x * excite.asConvolution(squeeze.asConvolution(x.graph("GlobalAveragePool", x)))
  }
}
