import CKernels

extension Int {
  func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}

/// A product's kernel in the order and the elements in which the fused kernels read it.
struct PackedProduct: Sendable {
  let inputs: Int
  let outputs: Int
  let weight: Tensor
  /// Zeros up to a multiple of 32.
  let bias: Tensor

  /// - Parameter inputs: K with what the input is filled up with.
  init(_ product: FusedBlocks.Product, inputs: Int? = nil, half: Int32) {
    (self.inputs, outputs) = (inputs ?? product.weight.shape[0], product.bias.count)
    let size = (outputs, self.inputs)
    let elements = vild_mbconv_packed_size(size.1, size.0)
    let filled = product.weight.filledUp(rows: size.1, columns: size.0)
    weight = Tensor([half == 0 ? elements : elements / 2]) { packed in
      reading(filled) { vild_mbconv_pack(packed.baseAddress!, $0, size.1, size.0, half) }
    }
    bias = product.bias.filledUp(columns: outputs.roundedUp(to: 32))
  }
}

extension Tensor {
  /// A matrix, or a vector as its one row, with zeros on the right and below.
  fileprivate func filledUp(rows: Int = 1, columns: Int) -> Tensor {
    let width = shape.last!
    return Tensor(rows == 1 ? [columns] : [rows, columns]) { out in
      out.initialize(repeating: 0)
      withElements { x in
        for row in 0..<count / max(1, width) {
          for column in 0..<width { out[row * columns + column] = x[row * width + column] }
        }
      }
    }
  }
}

/// The first convolution, ready for the kernels.
struct PackedStem: Sendable {
  private let product: PackedProduct
  private let padding: Padding
  private let activation: Activation

  init(_ product: FusedBlocks.Product, padding: Padding, activation: Activation, half: Int32) {
    precondition(product.weight.shape[0] == 27, "a stem is 3 x 3 with 3 colours")
    self.product = PackedProduct(product, half: half)
    (self.padding, self.activation) = (padding, activation)
  }

  var outputs: Int { product.outputs }

  /// For pictures of one size. What it points to lives as long as this value.
  func sized(height: Int, width: Int) -> vild_stem {
    let (top, outHeight) = padding.resolve(input: height, kernel: 3, stride: 2)
    let (left, outWidth) = padding.resolve(input: width, kernel: 3, stride: 2)
    return vild_stem(
      height: height, width: width, outputs: outputs, pad_top: top, pad_left: left,
      out_height: outHeight, out_width: outWidth, activation: activation.rawValue,
      weight: product.weight.buffer.base, bias: product.bias.buffer.base)
  }
}

/// One block, ready for the kernels.
struct PackedBlock: Sendable {
  private let inputs: Int
  private let expanded: Int
  let outputs: Int
  private let kernel: Int
  private let stride: Int
  private let padding: Padding
  private let activation: Activation
  private let hasSkip: Bool
  private let expand: PackedProduct?
  private let depthwise: Tensor
  private let depthwiseBias: Tensor
  private let project: PackedProduct
  private let squeezed: Int
  /// [S, C] and [C]; C filled up to a multiple of 32.
  private let squeeze, excite: (weight: Tensor, bias: Tensor)?

  init(_ block: FusedBlocks.Block, activation: Activation, half: Int32) {
    let (taps, channels) = (block.depthwise.weight.shape[0], block.depthwise.bias.count)
    kernel = [9: 3, 25: 5, 49: 7][taps] ?? 0
    precondition(
      kernel > 0 && (1...2).contains(block.stride), "\(taps) taps, stride \(block.stride)")
    precondition(block.expand.map { $0.bias.count == channels } ?? true, "widths differ")
    precondition(block.project.weight.shape[0] == channels, "widths differ")
    inputs = block.expand?.weight.shape[0] ?? channels
    expanded = channels
    outputs = block.project.bias.count
    precondition(!block.hasSkip || (inputs == outputs && block.stride == 1), "nothing to add to")
    (stride, padding, hasSkip) = (block.stride, block.padding, block.hasSkip)
    self.activation = activation
    expand = block.expand.map { PackedProduct($0, half: half) }
    let width = channels.roundedUp(to: 32)
    depthwise = Tensor([taps * width]) { packed in
      reading(block.depthwise.weight) {
        vild_mbconv_pack_depthwise(packed.baseAddress!, $0, taps, channels)
      }
    }
    depthwiseBias = block.depthwise.bias.filledUp(columns: width)
    project = PackedProduct(block.project, inputs: width, half: half)
    squeezed = block.excitation?.squeeze.bias.count ?? 0
    squeeze = block.excitation.map {
      (
        $0.squeeze.weight.transposed.filledUp(rows: $0.squeeze.bias.count, columns: width),
        $0.squeeze.bias
      )
    }
    excite = block.excitation.map {
      (
        $0.excite.weight.filledUp(rows: $0.squeeze.bias.count, columns: width),
        $0.excite.bias.filledUp(columns: width)
      )
    }
  }

  /// What one passage reads besides the map.
  var kernelBytes: Int {
    let tensors = [expand?.weight, depthwise, project.weight, squeeze?.weight, excite?.weight]
    return tensors.reduce(0) { $0 + ($1?.count ?? 0) } * MemoryLayout<Float>.stride
  }

  /// For maps of one size. What it points to lives as long as this value.
  func sized(height: Int, width: Int) -> vild_mbconv {
    let (top, outHeight) = padding.resolve(input: height, kernel: kernel, stride: stride)
    let (left, outWidth) = padding.resolve(input: width, kernel: kernel, stride: stride)
    func start(_ tensor: Tensor?) -> UnsafePointer<Float>? {
      tensor.map { UnsafePointer($0.buffer.base) }
    }
    return vild_mbconv(
      height: height, width: width, inputs: inputs, expanded: expanded, outputs: outputs,
      kernel: kernel, stride: stride, pad_top: top, pad_left: left, out_height: outHeight,
      out_width: outWidth, activation: activation.rawValue, skip: hasSkip ? 1 : 0,
      expand: start(expand?.weight), expand_bias: start(expand?.bias), depthwise: start(depthwise),
      depthwise_bias: start(depthwiseBias), squeezed: squeezed, squeeze: start(squeeze?.weight),
      squeeze_bias: start(squeeze?.bias), excite: start(excite?.weight),
      excite_bias: start(excite?.bias), project: start(project.weight),
      project_bias: start(project.bias))
  }
}
