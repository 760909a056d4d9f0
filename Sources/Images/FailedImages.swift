/// What becomes of images that failed before.
package enum FailedImages {
  /// They stay failed, whatever became of their files.
  case leave
  /// They are tried again where their files have changed.
  case ifChanged
  /// They are tried again where their files have changed, can be read now, or fail in another way.
  case retry
}
