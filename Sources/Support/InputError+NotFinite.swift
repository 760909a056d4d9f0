extension InputError {
  /// What a network says of an image is of no use; whoever knows the image adds it as the place.
  package static func notFinite(_ what: String) -> InputError {
    InputError(
      .badData, "\(what) are not finite", expected: "finite numbers",
      hint: "the weights are damaged, or their training diverged")
  }

  /// The same error, about the file at `path`.
  package func at(_ path: String) -> InputError {
    var error = self
    error.place = path
    return error
  }
}
