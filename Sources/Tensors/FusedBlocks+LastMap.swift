import CKernels
import Support

extension FusedBlocks {
  /// The last map, on all cores.
  ///
  /// - Parameter pixels: [B, H, W, 3]
  /// - Returns: [B, H', W', C]
  package func lastMap(_ pixels: Tensor) -> Tensor {
    precondition(pixels.shape.count == 4 && pixels.shape[3] == 3, "\(pixels.shape) for pictures")
    let (batch, height, width) = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
    let first = stem.sized(height: height, width: width)
    let size = blocks.reduce((height: first.out_height, width: first.out_width)) { size, block in
      let sized = block.sized(height: size.height, width: size.width)
      return (sized.out_height, sized.out_width)
    }
    // Cells in the pass's memory stand at multiples of 16 channels.
    let (cells, stride) = (size.height * size.width, outputs.roundedUp(to: 16))
    return Tensor([batch, size.height, size.width, outputs]) { maps in
      // Safe: every image writes a map of its own.
      nonisolated(unsafe) let maps = maps
      reading(pixels) { pixels in
        Parallel.ranges(batch) { images in
          let pass = FusedPass(self, height: height, width: width, images: images.count)
          pass.run(pixels + images.lowerBound * height * width * 3, images.count) { image, _, map in
            let out = maps.baseAddress! + (images.lowerBound + image) * cells * outputs
            for cell in 0..<cells {
              let to = out + cell * outputs
              if half == 0 {
                to.update(
                  from: map.assumingMemoryBound(to: Float.self) + cell * stride, count: outputs)
              } else {
                vild_bfloat_to_float(
                  to, map.assumingMemoryBound(to: UInt16.self) + cell * stride, outputs)
              }
            }
          }
        }
      }
    }
  }
}
