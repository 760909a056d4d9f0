package import Networks
package import Student
import Tensors

extension CountedPass {
  /// Maps at strides 4, 8, 16 and 32.
  package mutating func backbone(_ network: any Backbone, _ map: Map) -> [Map] {
    move(numbers: map.cells * 3)
    switch network {
    case let network as EfficientNet: return efficientNet(network, map)
    case let network as ResNet: return resNet(network, map)
    default: preconditionFailure("a backbone that is not counted: \(type(of: network))")
    }
  }

  /// The blocks alone, of one image.
  package mutating func efficientNet(_ network: EfficientNet, side: Int) {
    _ = backbone(network, Map(images: 1, height: side, width: side))
  }

  private mutating func efficientNet(_ network: EfficientNet, _ map: Map) -> [Map] {
    var maps: [Map] = []
    var map = convolution(network.stem, map)
    for block in network.blocks {
      if block.depthwise.stride == 2 { maps.append(map) }
      if let expand = block.expand { map = convolution(expand, map) }
      map = convolution(block.depthwise, map)
      if let excitation = block.excitation {
        linear(excitation.squeeze.weight, rows: map.images)
        linear(excitation.excite.weight, rows: map.images)
      }
      map = convolution(block.project, map)
    }
    return maps.dropFirst() + [map]
  }

  private mutating func resNet(_ network: ResNet, _ map: Map) -> [Map] {
    var map = convolution(network.stem, map)
    (map.height, map.width) = ((map.height + 1) / 2, (map.width + 1) / 2)
    return network.stages.map { blocks in
      for block in blocks {
        if let shortcut = block.shortcut { convolution(shortcut, map) }
        for layer in block.convolutions { map = convolution(layer, map) }
      }
      return map
    }
  }

  /// The tower of the ConSE teacher, one image at a time.
  package mutating func classifier(_ network: EfficientNet, side: Int) {
    let map = backbone(network, Map(images: 1, height: side, width: side)).last!
    guard let top = network.top else { return }
    convolution(top.head, map)
    linear(top.classifier.weight, rows: 1)
  }

  /// CLIP's tower on so many images at a time; the last block is wanted for one token alone.
  package mutating func visionTransformer(_ tower: VisionTransformer, images: Int) {
    let sizes = tower.configuration
    let (width, tokens) = (sizes.transformer.width, 1 + sizes.patches)
    let inner = sizes.transformer.intermediate
    move(numbers: images * sizes.imageSize * sizes.imageSize * 3)
    convolution(
      tower.patchEmbedding, stride: sizes.patchSize, padding: .fixed(0),
      Map(images: images, height: sizes.imageSize, width: sizes.imageSize))
    let blocks = tower.transformer.blocks
    for (number, block) in blocks.enumerated() {
      let layers = [block.query, block.key, block.value, block.output, block.widen, block.narrow]
      for layer in layers { count.bytes += Double(layer.weight.value.count * weightBytes) }
      let weights = Double(width * (4 * width + 2 * inner))
      let attention = 2 * Double(tokens * tokens * width)
      let all = Double(images) * (Double(tokens) * weights + attention)
      // The class token's query goes through the keys' weights, and its mixtures of tokens through the values'.
      let one =
        Double(images) * (weights + 2 * Double(tokens * width * sizes.transformer.heads))
      product(all, least: number + 1 == blocks.count ? one : all)
    }
    linear(tower.projection.weight, rows: images)
  }

  /// A detector up to what is said of regions.
  ///
  /// - Parameters:
  ///   - regions: that go through the second stage.
  ///   - masks: regions that get one.
  ///   - names: categories that each region is compared with.
  package mutating func student(
    _ student: Student, _ map: Map, regions: Int, masks: Int, names: Int
  ) {
    let maps = backbone(student.proposals.backbone, map)
    let pyramid = self.pyramid(student.proposals.pyramid, maps)
    let proposals = student.proposals
    for (level, map) in pyramid.enumerated() {
      for layers in proposals.hidden { convolution(layers[level], map, isAgain: level > 0) }
      for layer in [proposals.objectness, proposals.deltas] {
        convolution(
          layer.weight, stride: layer.stride, padding: layer.padding, map, isAgain: level > 0)
      }
    }
    let head: RegionHead? =
      (student.regions as? ViLD)?.head ?? (student.regions as? ViLDText)?.head
    guard let head else { preconditionFailure("a method that is not counted: \(student.method)") }
    let side = student.configuration.regions.poolSize
    for layer in head.trunk.convolutions {
      convolution(layer, Map(images: regions, height: side, width: side))
    }
    for layer in head.trunk.connected { linear(layer.linear.weight, rows: regions) }
    linear(head.projection.weight, rows: regions)
    linear(head.deltas.weight, rows: regions)
    product(Double(regions * names * student.embeddingWidth))
    if let head = student.masks {
      self.masks(head, masks, side: student.configuration.masks.poolSize)
    }
  }

  private mutating func pyramid(_ pyramid: FeaturePyramid, _ maps: [Map]) -> [Map] {
    let used = Array(maps.suffix(pyramid.lateral.count))
    for (layer, map) in zip(pyramid.lateral, used) { convolution(layer, map) }
    var levels = used
    for (layer, map) in zip(pyramid.output, used) { convolution(layer, map) }
    for layer in pyramid.coarse { levels.append(convolution(layer, levels[levels.count - 1])) }
    while levels.count < pyramid.levels.count {
      var map = levels[levels.count - 1]
      (map.height, map.width) = ((map.height + 1) / 2, (map.width + 1) / 2)
      levels.append(map)
    }
    return levels
  }

  private mutating func masks(_ head: MaskHead, _ regions: Int, side: Int) {
    var map = Map(images: regions, height: side, width: side)
    for layer in head.convolutions { map = convolution(layer, map) }
    // Each cell becomes four, each by a matrix of its own.
    linear(head.upsampling, rows: map.cells)
    (map.height, map.width) = (2 * side, 2 * side)
    convolution(head.logits.weight, stride: 1, padding: head.logits.padding, map)
  }
}
