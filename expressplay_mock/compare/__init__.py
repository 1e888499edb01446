"""The command `expressplay-mock compare`: where does a real ExpressPlay answer in another shape than this mock?"""
