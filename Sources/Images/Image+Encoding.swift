import CImageCodecs
public import Foundation

extension Image {
  /// The image as a baseline JPEG with 4:2:0 colour.
  ///
  /// - Parameter quality: 1 ... 100, as libjpeg counts it.
  public func jpegData(quality: Int = 90) -> Data {
    precondition((1...100).contains(quality), "quality is 1 ... 100")
    precondition(max(width, height) <= 65_500, "JPEG's sides are at most 65,500 pixels")
    return encoded { pixels, bytes, count, message in
      image_encode_jpeg(
        pixels, UInt32(width), UInt32(height), Int32(quality), bytes, count, message)
    }
  }

  /// The image as such a JPEG of at most `bytes`, of the best quality from 50 on with which it is that
  /// small; nil where it is larger at any.
  public func jpegData(atMost bytes: Int) -> (data: Data, quality: Int)? {
    var best: (data: Data, quality: Int)?
    var (low, high) = (50, 95)
    // Bytes grow with the quality.
    while low <= high {
      let quality = (low + high) / 2
      let data = jpegData(quality: quality)
      if data.count <= bytes {
        best = (data, quality)
        low = quality + 1
      } else {
        high = quality - 1
      }
    }
    return best
  }

  /// The image as an 8-bit RGB PNG.
  public func pngData() -> Data {
    precondition(max(width, height) <= 1_000_000, "libpng's sides are at most a million pixels")
    return encoded { pixels, bytes, count, message in
      image_encode_png(pixels, UInt32(width), UInt32(height), bytes, count, message)
    }
  }

  private func encoded(
    _ call: (
      UnsafePointer<UInt8>?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
      UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>?
    ) -> image_status
  ) -> Data {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let outcome = pixels.withUnsafeBufferPointer { pixels in
      CodecOutcome { call(pixels.baseAddress, &bytes, &count, $0) }
    }
    guard outcome.status == IMAGE_OK, let bytes else {
      preconditionFailure("encoding a valid image failed: \(outcome.message)")
    }
    return Data(bytesNoCopy: bytes, count: count, deallocator: .free)
  }
}
