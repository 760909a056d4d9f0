import Support

extension Int {
  /// So many images whose files are odd and yet were read.
  package var oddImages: String {
    counted("image is odd, with all its pixels", "images are odd, with all their pixels")
  }
}
