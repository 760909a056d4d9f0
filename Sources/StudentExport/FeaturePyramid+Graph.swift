import NetworkExport
import Networks
import ONNX
import Student
import Tensors

extension FeaturePyramid {
  /// The same as of tensors. Sides are multiples of 32, so that each level is half the finer one.
  func callAsFunction(_ maps: [GraphValue]) -> [GraphValue] {
    var merged = zip(maps.suffix(lateral.count), lateral).map { $1($0) }
    for i in merged.indices.dropLast().reversed() { merged[i] = merged[i] + merged[i + 1].doubled }
    var pyramid: [GraphValue]
    if coarse.isEmpty {
      pyramid = zip(merged, output).map { $1($0) }
    } else {
      pyramid = zip(merged, output).dropLast().map { $1($0) }
      var (plain, normed) = output[output.count - 1].apart(merged[merged.count - 1])
      pyramid.append(normed)
      for (number, convolution) in coarse.enumerated() {
        (plain, normed) = convolution.apart(number == 0 ? plain : plain.activated(.relu))
        pyramid.append(normed)
      }
    }
    while pyramid.count < levels.count { pyramid.append(pyramid[pyramid.count - 1].everySecond) }
    return pyramid
  }
}

extension GraphValue {
  /// A map of twice the size, each cell four times.
  fileprivate var doubled: GraphValue {
    graph(
      "Resize", self, nil, graph.floats([1, 1, 2, 2]),
      with: [
        "mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric",
      ])
  }

  /// Every second cell along both sides.
  fileprivate var everySecond: GraphValue {
    graph("MaxPool", self, with: ["kernel_shape": [1, 1], "strides": [2, 2]])
  }
}
