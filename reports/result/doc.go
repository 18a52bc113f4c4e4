// Package result holds the file formats of a result folder.
package result
