import CKernels

/// The memory of one thread that takes images through `FusedBlocks`.
///
/// As long as a block's kernels are smaller than its map, one image goes through block after block;
/// from there on a group of images goes through each block, so that the kernels are fetched from
/// memory once for all of them.
struct FusedPass {
  /// Images that share one passage of the kernels.
  private static let groupSize = 8

  private let network: FusedBlocks
  private let stem: vild_stem
  private let blocks: [vild_mbconv]
  /// Blocks from this one on take a group of images.
  private let firstShared: Int
  /// Bytes of a map of one image, before or after a block alone, and of one block by block.
  private let mapBytes: (alone: Int, shared: Int)
  /// Two maps in turn: of one image, and of a group.
  private let alone, shared: [Buffer]
  private let scratch: Buffer

  init(_ network: FusedBlocks, height: Int, width: Int, images: Int) {
    self.network = network
    let elementBytes = network.half == 0 ? 4 : 2
    let stem = network.stem.sized(height: height, width: width)
    var size = (height: stem.out_height, width: stem.out_width)
    /// Of the map before each block, and after the last.
    var bytes = [size.height * size.width * network.stem.outputs.roundedUp(to: 16) * elementBytes]
    var blocks: [vild_mbconv] = []
    for block in network.blocks {
      let sized = block.sized(height: size.height, width: size.width)
      size = (sized.out_height, sized.out_width)
      blocks.append(sized)
      bytes.append(size.height * size.width * block.outputs.roundedUp(to: 16) * elementBytes)
    }
    let firstShared =
      blocks.indices.first { network.blocks[$0].kernelBytes > bytes[$0] } ?? blocks.count
    (self.stem, self.blocks, self.firstShared) = (stem, blocks, firstShared)
    mapBytes = (bytes[...firstShared].max()!, bytes[firstShared...].max()!)
    let group = min(images, Self.groupSize)
    let (one, several) = (mapBytes.alone, mapBytes.shared * group)
    alone = (0..<2).map { _ in Buffer(count: one / 4 + 16) }
    shared = (0..<2).map { _ in Buffer(count: several / 4 + 16) }
    let needs = blocks.map { block in
      withUnsafePointer(to: block) { vild_mbconv_scratch($0, network.half) }
    }
    scratch = Buffer(count: max(needs.max() ?? 0, stem.out_width * 28 * elementBytes) / 4 + 16)
  }

  /// Calls `result` with every image's number, its means, and its last map.
  func run(
    _ pixels: UnsafePointer<Float>, _ images: Int,
    _ result: (_ image: Int, _ means: UnsafePointer<Float>, _ map: UnsafeRawPointer) -> Void
  ) {
    let pictureSize = stem.height * stem.width * 3
    let last = blocks.last.map { ($0.out_height * $0.out_width, network.outputs) }
    let (cells, channels) = last ?? (stem.out_height * stem.out_width, network.outputs)
    let means = Buffer(count: channels.roundedUp(to: 16))
    for start in stride(from: 0, to: images, by: Self.groupSize) {
      let group = min(Self.groupSize, images - start)
      for image in 0..<group {
        startAlone(pixels + (start + image) * pictureSize, into: map(shared[0], image))
      }
      var (from, to) = (shared[0], shared[1])
      for number in firstShared..<blocks.count {
        for image in 0..<group { run(number, map(from, image), map(to, image)) }
        swap(&from, &to)
      }
      for image in 0..<group {
        vild_map_mean(
          means.base, map(from, image), cells, channels.roundedUp(to: 16), network.half)
        result(start + image, means.base, map(from, image))
      }
    }
  }

  /// Takes a picture through all blocks and shows the map that each of them makes.
  func run(_ picture: UnsafePointer<Float>, _ see: (_ block: Int, UnsafeRawPointer) -> Void) {
    func place(_ number: Int) -> UnsafeMutableRawPointer {
      let maps = number < firstShared ? alone : shared
      return UnsafeMutableRawPointer(
        maps[(number < firstShared ? number : number - firstShared) % 2].base)
    }
    withUnsafePointer(to: stem) {
      vild_stem($0, picture, place(0), scratch.base, network.half)
    }
    for number in blocks.indices {
      run(number, place(number), place(number + 1))
      see(number, place(number + 1))
    }
  }

  /// The stem and the blocks one image takes alone.
  private func startAlone(_ picture: UnsafePointer<Float>, into result: UnsafeMutableRawPointer) {
    let maps = alone.map { UnsafeMutableRawPointer($0.base) }
    withUnsafePointer(to: stem) {
      vild_stem($0, picture, firstShared == 0 ? result : maps[0], scratch.base, network.half)
    }
    for number in 0..<firstShared {
      run(number, maps[number % 2], number + 1 == firstShared ? result : maps[(number + 1) % 2])
    }
  }

  private func run(_ number: Int, _ x: UnsafeRawPointer, _ y: UnsafeMutableRawPointer) {
    withUnsafePointer(to: blocks[number]) {
      vild_mbconv($0, x, y, scratch.base, network.half)
    }
  }

  private func map(_ maps: Buffer, _ image: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(maps.base) + image * mapBytes.shared
  }
}
