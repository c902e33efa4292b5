@rem For npm scripts on Windows: cmd.exe has no "exec", which in other shells replaces the shell by the command.
@%*
