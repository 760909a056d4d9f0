internal import COpenSSL
package import Foundation

/// SHA-256 (FIPS 180-4) of bytes that come in pieces, by OpenSSL.
package final class SHA256 {
  private let context: OpaquePointer

  package init() {
    context = EVP_MD_CTX_new()
    require(EVP_DigestInit_ex(context, EVP_sha256(), nil))
  }

  deinit { EVP_MD_CTX_free(context) }

  package func update(_ bytes: UnsafeRawBufferPointer) {
    require(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  package func update(_ bytes: some DataProtocol) {
    for region in bytes.regions { region.withUnsafeBytes(update) }
  }

  /// Of all bytes so far, in lower-case hex (64 characters); more may follow.
  package var hex: String {
    let copy = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(copy) }
    require(EVP_MD_CTX_copy_ex(copy, context))
    var digest = [UInt8](repeating: 0, count: 32)
    require(EVP_DigestFinal_ex(copy, &digest, nil))
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// These calls fail only where there is no memory, or no SHA-256.
  private func require(_ result: Int32) {
    precondition(result == 1, "OpenSSL cannot compute SHA-256")
  }
}
