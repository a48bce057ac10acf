// Package datafolder is about the folder in which a roomkey keeps its database
// and its signing secret: who has it (the lock, and the proof that a server is
// the one that the lock names), whether its permissions are safe, and its
// backups. It does not know what is in the database.
package datafolder

import "path/filepath"

// DatabaseName is the name of the database in a data folder.
const DatabaseName = "roomkey.db"

// The other files in a data folder.
const (
	holderName   = "lock"
	waitName     = "wait"
	secretName   = "secret"
	previousName = "previous_secrets"
)

// keptFiles are the files of a data folder that a backup holds, the database
// last.
var keptFiles = []string{secretName, previousName, DatabaseName}

// ownFiles are the files in a data folder that roomkey opens by their names.
var ownFiles = []string{
	holderName, waitName, secretName, previousName,
	DatabaseName, DatabaseName + "-wal", DatabaseName + "-shm", DatabaseName + "-journal",
}

// DatabaseFile is the database of a data folder.
func DatabaseFile(folder string) string { return filepath.Join(folder, DatabaseName) }

// SecretFile is the signing secret of a data folder.
func SecretFile(folder string) string { return filepath.Join(folder, secretName) }

// holderFile names the process that has a data folder; see [Holder].
func holderFile(folder string) string { return filepath.Join(folder, holderName) }
