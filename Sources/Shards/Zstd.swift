internal import CZstd
internal import Support

/// Whole zstd frames: always checksummed, content size recorded, window at most 1 MiB.
package enum Zstd {
  /// The longest window a frame may need: 2^20 bytes.
  static let windowLog: Int32 = 20

  /// Compresses frames one after the other with one context. Same input, same bytes.
  package final class Compressor {
    private let context: OpaquePointer

    package init(level: Int32 = 1) {
      guard let context = ZSTD_createCCtx() else { ProcessEnd.outOfMemory(for: "packing") }
      self.context = context
      for (parameter, value) in [
        (ZSTD_c_compressionLevel, level), (ZSTD_c_checksumFlag, 1), (ZSTD_c_contentSizeFlag, 1),
        (ZSTD_c_windowLog, Zstd.windowLog),
      ] {
        let code = ZSTD_CCtx_setParameter(context, parameter, value)
        precondition(ZSTD_isError(code) == 0, String(cString: ZSTD_getErrorName(code)))
      }
    }

    deinit { ZSTD_freeCCtx(context) }

    package func frame(_ content: [UInt8]) -> [UInt8] { frame(content[...]) }

    package func frame(_ content: ArraySlice<UInt8>) -> [UInt8] {
      let bound = ZSTD_compressBound(content.count)
      return [UInt8](unsafeUninitializedCapacity: bound) { frame, count in
        let size = content.withUnsafeBytes {
          ZSTD_compress2(context, frame.baseAddress, bound, $0.baseAddress, $0.count)
        }
        precondition(ZSTD_isError(size) == 0, String(cString: ZSTD_getErrorName(size)))
        count = size
      }
    }
  }

  /// Why a frame could not be decoded: zstd's words.
  package struct Failure: Error { var reason: String }

  /// Decodes frames one after the other with one context.
  final class Decompressor {
    private let context: OpaquePointer

    init() {
      guard let context = ZSTD_createDCtx() else { ProcessEnd.outOfMemory(for: "unpacking") }
      self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decodes `frame`, one whole frame, which must fill `content` exactly.
    func decode(
      _ frame: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(Failure) {
      // Bits of the frame header that decoders may overlook: a flip there counts as damage, too.
      guard frame.count > 4, frame[4] & 0x18 == 0 else {
        throw Failure(reason: "reserved bits set")
      }
      let code = ZSTD_decompressDCtx(
        context, content.baseAddress, content.count, frame.baseAddress, frame.count)
      guard ZSTD_isError(code) == 0 else {
        throw Failure(reason: String(cString: ZSTD_getErrorName(code)))
      }
      guard code == content.count else {
        throw Failure(reason: "\(code.counted("byte")) instead of \(content.count)")
      }
    }
  }
}
